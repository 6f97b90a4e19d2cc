package ingot.quant;

import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Layout;
import ingot.formats.ingot.StoredTensor;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What the summary of a conversion warns of. */
final class ConvertWarnings {
    /** Above this the source's own error is too small to speak of. */
    private static final double COARSE_BITS = 7;

    private ConvertWarnings() {}

    /** Rows shorter than a group, or a little longer than some, are stored with codes that stand for nothing. */
    static Optional<String> padded(List<StoredTensor> tensors) {
        long codes = 0;
        long weights = 0;
        int count = 0;
        int group = 0;
        for (StoredTensor t : tensors) {
            if (t.layout() instanceof Grouped grouped) {
                long rows = t.shape().rows();
                long cols = t.shape().cols();
                long padding =
                        grouped.blocks(rows, cols).paddedCols() - Math.ceilDiv(cols, Grouping.UNIT) * Grouping.UNIT;
                weights += rows * cols;
                codes += rows * padding;
                if (padding > 0) {
                    count++;
                    group = Math.max(group, grouped.blocks(rows, cols).group());
                }
            }
        }
        return count == 0 || codes * 50 < weights
                ? Optional.empty()
                : Optional.of("groups of " + group + " do not fit the rows of "
                        + (count == 1 ? "1 matrix" : count + " matrices") + ", which are padded: "
                        + Math.round(100.0 * codes / weights)
                        + " % more codes; a group that divides the columns, or channel, needs none");
    }

    /** With fewer tokens than columns there are errors that no input shows: the measured ones are too small then. */
    static Optional<String> few(int tokens, Source source) {
        long widest = source.graph().weights().stream()
                .filter(w -> w.role() == WeightSpec.Role.LINEAR)
                .mapToLong(w -> w.shape().cols())
                .max()
                .orElse(0);
        return tokens >= 2 * widest
                ? Optional.empty()
                : Optional.of("calibrated on " + tokens + " tokens, fewer than twice the " + widest
                        + " columns of the widest matrix: weighted errors and predictions look better than they are;"
                        + " take more text");
    }

    /**
     * Matrices of few bits are rounded once more.
     *
     * @param tensors in the order of the source's weights
     * @param moved whether a matrix was rounded with error feedback, which changes numbers that lie on the grid already
     */
    static Optional<String> again(Source source, List<StoredTensor> tensors, Predicate<String> moved) {
        List<WeightSpec> weights = source.graph().weights();
        int count = 0;
        String first = "";
        for (int i = 0; i < tensors.size(); i++) {
            WeightSpec weight = weights.get(i);
            Layout layout = tensors.get(i).layout();
            boolean same =
                    SourceCodes.natural(source, weight).equals(Optional.of(layout)) && !moved.test(weight.name());
            if (!(layout instanceof Dense) && !same && SourceCodes.bits(source, weight) < COARSE_BITS) {
                first = count++ == 0 ? source.storedType(weight) : first;
            }
        }
        return count == 0
                ? Optional.empty()
                : Optional.of((count == 1 ? "1 matrix" : count + " matrices") + " of the source are quantized already ("
                        + first
                        + ") and rounded once more: the losses add up; convert from the original weights where you"
                        + " have them");
    }
}
