package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Shape;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.verify.ErrorSum;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Two models tensor by tensor, as the numbers they compute with. */
public final class Comparison {
    /** Elements decoded at a time. */
    private static final int BLOCK = 1 << 18;

    private Comparison() {}

    /**
     * @param onlyInA names of weights that the second model lacks
     * @param onlyInB names of weights that the first lacks
     */
    public record Result(List<Row> tensors, List<String> onlyInA, List<String> onlyInB) {
        /** Whether both hold the same numbers. */
        public boolean equal() {
            return onlyInA.isEmpty() && onlyInB.isEmpty() && tensors.stream().allMatch(t -> t.maxAbs() == 0);
        }
    }

    /**
     * @param typeA how the first stores it
     * @param nmse mean((b − a)²) ÷ mean((a − mean(a))²)
     */
    public record Row(String name, Shape shape, String typeA, String typeB, double nmse, double maxAbs) {}

    /**
     * @throws IngotException.ConfigMismatch when a tensor has another shape in each
     */
    public static Result compare(Path a, Path b, Progress progress) {
        try (Source first = Source.open(a);
                Source second = Source.open(b)) {
            Map<String, WeightSpec> others = new LinkedHashMap<>();
            second.graph().weights().forEach(w -> others.put(w.name(), w));
            List<Row> rows = new ArrayList<>();
            List<String> onlyInA = new ArrayList<>();
            long total = first.graph().weights().size();
            for (WeightSpec w : first.graph().weights()) {
                progress.step("comparing", rows.size() + onlyInA.size(), total, Progress.Unit.TENSORS);
                WeightSpec other = others.remove(w.name());
                if (other == null) {
                    onlyInA.add(w.name());
                } else if (!other.shape().equals(w.shape())) {
                    throw new IngotException.ConfigMismatch("tensor " + w.name() + " is " + w.shape()
                            + " in one model and " + other.shape() + " in the other; they cannot be compared");
                } else {
                    rows.add(row(first, second, w, other));
                }
            }
            progress.step("comparing", total, total, Progress.Unit.TENSORS);
            return new Result(rows, onlyInA, List.copyOf(others.keySet()));
        }
    }

    private static Row row(Source first, Source second, WeightSpec a, WeightSpec b) {
        ErrorSum error = new ErrorSum();
        try (Source.Rows left = first.rows(a, WeightReader.NonFinite.KEEP);
                Source.Rows right = second.rows(b, WeightReader.NonFinite.KEEP)) {
            int cols = left.cols();
            int step = Math.max(1, BLOCK / Math.max(1, cols));
            for (long at = 0; at < left.rows(); at += step) {
                int n = (int) Math.min(step, left.rows() - at);
                float[] x = new float[Math.multiplyExact(n, cols)];
                float[] y = new float[x.length];
                left.read(at, n, x);
                right.read(at, n, y);
                error.add(y, x);
            }
        }
        return new Row(a.name(), a.shape(), first.storedType(a), second.storedType(b), error.nmse(), error.maxAbs());
    }
}
