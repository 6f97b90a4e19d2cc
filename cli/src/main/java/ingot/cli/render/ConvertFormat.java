package ingot.cli.render;

import ingot.formats.Text;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Result of a conversion for people. */
public final class ConvertFormat {
    private ConvertFormat() {}

    public static String text(ConvertView view) {
        ConvertResult result = view.result();
        List<TypeSum> sums = TypeSum.of(result.tensors());
        List<String> heads = TypeSum.heads(sums);
        Table table = new Table().text(heads.getFirst());
        heads.subList(1, heads.size()).forEach(table::number);
        TypeSum.cells(sums).forEach(table::row);
        String size = Format.fixed(result.bitsPerWeight(), 2) + " bits per weight, " + Format.bytes(result.bytes());
        String last = view.dryRun()
                ? "would write " + result.output() + ": " + size + " of weights"
                : result.output() + ": " + size + " in " + Format.duration(view.took());
        String plan = result.allocation()
                .map(a -> AllocationFormat.text(a, result.parameters()) + "\n")
                .orElse("");
        return plan + table.render() + "\n" + origins(result) + fallbacks(result) + worst(result) + evaluation(view)
                + last + "\n";
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

    /** What could not be calibrated, and why the first of it. */
    private static String fallbacks(ConvertResult result) {
        List<TensorResult> fallen =
                result.tensors().stream().filter(t -> t.rounding().fallback()).toList();
        if (fallen.isEmpty()) {
            return "";
        }
        TensorResult first = fallen.getFirst();
        return fallen.size() + (fallen.size() == 1 ? " tensor" : " tensors") + " without error feedback, the first:\n"
                + line("  ", first.name(), "")
                + line("  ", first.rounding().remark(), "");
    }

    /** The matrix whose outputs are farthest off, or whose weights are where nothing is known of the outputs. */
    private static String worst(ConvertResult result) {
        Worst worst = Worst.of(result.tensors());
        if (!worst.byWeightedError().isEmpty()) {
            TensorResult t = worst.byWeightedError().getFirst();
            return line(
                    "worst: ",
                    t.name(),
                    ", weighted error " + Format.scientific(t.weightedError().orElseThrow()));
        }
        if (!worst.byNmse().isEmpty()) {
            TensorResult t = worst.byNmse().getFirst();
            return line(
                    "worst: ", t.name(), ", NMSE " + Format.scientific(t.nmse().orElseThrow()));
        }
        return "";
    }

    private static String evaluation(ConvertView view) {
        return view.evaluation()
                .map(e -> {
                    var kld = e.scores().divergence().orElseThrow();
                    return line(
                            "mean KLD " + Format.fixed(kld.kld().mean().value(), 6) + " ± "
                                    + Format.fixed(kld.kld().mean().error(), 6) + ", same top-1 "
                                    + Format.percent(kld.sameTop1().value()) + " on ",
                            e.data(),
                            ", " + e.scores().tokens() + " tokens scored");
                })
                .orElse("");
    }

    /** A line as wide as a table at most; the name in it may have to be cut. */
    private static String line(String before, String name, String after) {
        int room = Table.MAX_WIDTH - Width.of(before) - Width.of(after);
        String printable = Text.cell(name);
        return before + Width.fit(printable, Math.min(room, Width.of(printable))) + after + "\n";
    }
}
