package ingot.cli.render;

import static ingot.cli.render.JsonFields.number;

import ingot.formats.json.Json;
import ingot.quant.CalibrationResult;
import ingot.quant.CodeStatistics;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import ingot.quant.Histogram;
import ingot.quant.calibration.LayerExperts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Result of a conversion for programs; docs/quantize.md describes the keys. */
public final class ConvertJson {
    private ConvertJson() {}

    public static ObjectNode of(ConvertView view) {
        ConvertResult result = view.result();
        ObjectNode root = Json.object();
        root.put("output", result.output().toString());
        root.put("bytes", result.bytes());
        number(root, "bits_per_weight", result.bitsPerWeight());
        number(root, "seconds", view.took().toNanos() / 1e9);
        peakResidentBytes().ifPresentOrElse(n -> root.put("peak_rss_bytes", n), () -> root.putNull("peak_rss_bytes"));
        root.put("method", result.method());
        root.set("options", result.options());
        var tensors = root.putArray("tensors");
        result.tensors()
                .forEach(t -> tensor(tensors.addObject(), t, view.codes().get(t.name())));
        root.put("parameters", result.parameters());
        var types = root.putArray("types");
        for (TypeSum sum : TypeSum.of(result.tensors())) {
            ObjectNode node = types.addObject();
            node.put("type", sum.type());
            node.put("tensors", sum.tensors().size());
            node.put("weights", sum.weights());
            node.put("bytes", sum.bytes());
            number(node, "bits_per_weight", sum.bits());
            number(node, "worst_nmse", sum.worstNmse().orElse(Double.NaN));
            sum.worstWeightedError().ifPresent(e -> number(node, "worst_weighted_error", e));
        }
        if (!view.dryRun()) {
            worst(root.putObject("worst"), Worst.of(result.tensors()));
        }
        result.allocation().ifPresent(plan -> root.set("allocation", AllocationFormat.json(plan)));
        result.calibration().ifPresent(c -> calibration(root, c, result));
        view.evaluation().ifPresent(e -> {
            ObjectNode node = root.putObject("evaluation").put("data", e.data()).put("sha256", e.sha256());
            PerplexityFormat.json(e.scores()).properties().forEach(p -> node.set(p.getKey(), p.getValue()));
        });
        return root;
    }

    private static void tensor(ObjectNode node, TensorResult t, @Nullable CodeStatistics codes) {
        node.put("name", t.name());
        node.put("type", t.type());
        number(node, "bits_per_weight", t.bitsPerWeight());
        number(node, "nmse", t.nmse().orElse(Double.NaN));
        t.weightedError().ifPresent(e -> number(node, "weighted_error", e));
        if (codes != null) {
            number(node, "saturation", codes.saturation());
            histogram(node.putObject("code_histogram"), "from", codes.codes())
                    .put("width", codes.codes().width());
            histogram(node.putObject("scale_histogram"), "from_log2", codes.scales())
                    .put("zeros", codes.zeroScales());
        }
        if (!t.note().isEmpty()) {
            node.put("note", t.note());
        }
    }

    private static ObjectNode histogram(ObjectNode node, String from, Histogram histogram) {
        node.put(from, histogram.first());
        ArrayNode counts = node.putArray("counts");
        histogram.counts().forEach(counts::add);
        return node;
    }

    private static void worst(ObjectNode node, Worst worst) {
        var weighted = node.putArray("by_weighted_error");
        worst.byWeightedError()
                .forEach(t -> number(
                        weighted.addObject().put("name", t.name()),
                        "weighted_error",
                        t.weightedError().orElseThrow()));
        var plain = node.putArray("by_nmse");
        worst.byNmse()
                .forEach(t -> number(
                        plain.addObject().put("name", t.name()),
                        "nmse",
                        t.nmse().orElseThrow()));
    }

    static void calibration(ObjectNode root, CalibrationResult calibration, ConvertResult result) {
        ObjectNode node = calibration.set().deepCopy();
        root.set("calibration", node);
        var fallbacks = node.putArray("fallbacks");
        var remarks = node.putArray("remarks");
        for (TensorResult t : result.tensors()) {
            String remark = t.rounding().remark();
            if (!remark.isEmpty()) {
                ArrayNode list = t.rounding().fallback() ? fallbacks : remarks;
                list.addObject().put("name", t.name()).put("remark", remark);
            }
        }
        if (calibration.experts().isEmpty()) {
            return;
        }
        node.put("least_expert_tokens", calibration.leastTokens());
        var experts = root.putArray("experts");
        for (LayerExperts layer : calibration.experts()) {
            for (int i = 0; i < layer.tokens().size(); i++) {
                experts.addObject()
                        .put("layer", layer.layer())
                        .put("expert", i)
                        .put("tokens", layer.tokens().get(i));
            }
        }
    }

    /** High-water mark of the process; only Linux tells. */
    static OptionalLong peakResidentBytes() {
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
