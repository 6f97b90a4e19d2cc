package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/** Result of a conversion for people and for programs. */
public final class ConvertFormat {
    private ConvertFormat() {}

    public static ObjectNode json(ConvertResult result, Duration took) {
        ObjectNode root = Json.object();
        root.put("output", result.output().toString());
        root.put("bytes", result.bytes());
        number(root, "bits_per_weight", result.bitsPerWeight());
        number(root, "seconds", took.toNanos() / 1e9);
        peakResidentBytes().ifPresentOrElse(n -> root.put("peak_rss_bytes", n), () -> root.putNull("peak_rss_bytes"));
        root.put("method", result.method());
        var tensors = root.putArray("tensors");
        for (TensorResult t : result.tensors()) {
            ObjectNode node = tensors.addObject();
            node.put("name", t.name());
            node.put("type", t.type());
            number(node, "bits_per_weight", t.bitsPerWeight());
            number(node, "nmse", t.nmse().orElse(Double.NaN));
            t.weightedError().ifPresent(e -> number(node, "weighted_error", e));
            if (!t.note().isEmpty()) {
                node.put("note", t.note());
            }
        }
        result.allocation().ifPresent(plan -> root.set("allocation", AllocationFormat.json(plan)));
        return root;
    }

    public static String text(ConvertResult result, Duration took, boolean dryRun) {
        Map<String, Sum> byType = new LinkedHashMap<>();
        result.tensors()
                .forEach(t -> byType.computeIfAbsent(t.type(), k -> new Sum()).add(t));
        Table table = new Table()
                .text("type")
                .number("tensors")
                .number("weights")
                .number("bits")
                .number("worst NMSE");
        byType.forEach((type, sum) -> table.row(
                type,
                Integer.toString(sum.tensors),
                Format.count(sum.weights),
                Format.fixed(sum.bits / Math.max(1, sum.weights), 2),
                dryRun ? "–" : Format.scientific(sum.worst)));
        String size = Format.fixed(result.bitsPerWeight(), 2) + " bits per weight, " + Format.bytes(result.bytes());
        String last = dryRun
                ? "would write " + result.output() + ": " + size
                : result.output() + ": " + size + " in " + Format.duration(took);
        String plan = result.allocation()
                .map(a -> AllocationFormat.text(a, result.parameters()) + "\n")
                .orElse("");
        return plan + table.render() + "\n" + origins(result) + last + "\n";
    }

    /** How many tensors of a quantized checkpoint kept their numbers, and how many an adapter changed. */
    private static String origins(ConvertResult result) {
        Map<String, Integer> counts = new TreeMap<>();
        result.tensors().stream()
                .map(TensorResult::note)
                .filter(note -> note.startsWith("carried")
                        || note.startsWith("dequantized")
                        || note.endsWith("with the adapter"))
                .forEach(note -> counts.merge(note, 1, Integer::sum));
        StringBuilder lines = new StringBuilder();
        counts.forEach((note, n) -> lines.append(n)
                .append(n == 1 ? " tensor " : " tensors ")
                .append(note)
                .append('\n'));
        return lines.toString();
    }

    private static final class Sum {
        int tensors;
        long weights;
        double bits;
        double worst;

        void add(TensorResult t) {
            tensors++;
            weights += t.parameters();
            bits += t.parameters() * t.bitsPerWeight();
            worst = Math.max(worst, t.nmse().orElse(0));
        }
    }

    /** High-water mark of the process; only Linux tells. */
    private static OptionalLong peakResidentBytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmHWM:")) {
                    return OptionalLong.of(1024 * Long.parseLong(line.replaceAll("[^0-9]", "")));
                }
            }
        } catch (IOException e) {
            return OptionalLong.empty();
        }
        return OptionalLong.empty();
    }
}
