package ingot.formats.quantized;

import ingot.formats.IngotException;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Weights on an integer grid: w = (q − zero) · scale, the scale of a row and a group of columns. The difference has at most
 * 9 significant bits, an f16 or bf16 scale at most 11: the product is exact in f32. With an f32 scale it is rounded once.
 */
public sealed interface IntegerMatrix extends Packed
        permits GptqMatrix, AwqMatrix, CompressedMatrix, Int8Matrix, GgufIntegers {
    /** Scales per row. */
    int groups();

    /** Group of every column. */
    int[] groupOf();

    /** Bounds of q − zero, from the width of q and the zero points alone. */
    Range range();

    /** Smallest and largest possible q − zero. */
    record Range(int low, int high) {
        boolean within(int from, int to) {
            return low >= from && high <= to;
        }
    }

    /** Reads q − zero of {@code n} rows, row-major. */
    void codes(long first, int n, int[] out);

    /** Reads the scales of {@code n} rows, {@code [n][groups]}. */
    void scales(long first, int n, float[] out);

    @Override
    default void decode(long first, int n, float[] out) {
        int cols = cols();
        int groups = groups();
        int[] codes = new int[Math.multiplyExact(n, cols)];
        float[] scales = new float[Math.multiplyExact(n, groups)];
        int[] groupOf = groupOf();
        codes(first, n, codes);
        scales(first, n, scales);
        for (int row = 0; row < n; row++) {
            for (int k = 0; k < cols; k++) {
                out[row * cols + k] = codes[row * cols + k] * scales[row * groups + groupOf[k]];
            }
        }
    }

    @Override
    default Optional<Layout> natural() {
        int group = groups() == 1 ? Grouping.CHANNEL : evenGroup();
        if (group < 0) {
            return Optional.empty();
        }
        return Stream.<Grouped>of(new Int4(group), new Int8(group))
                .filter(layout -> CarriedCodes.mayHold(this, layout))
                .<Layout>map(layout -> layout)
                .findFirst();
    }

    /** Columns per scale where that is a size our layouts have and the groups lie side by side; else −1. */
    private int evenGroup() {
        int[] groupOf = groupOf();
        int size = 0;
        while (size < groupOf.length && groupOf[size] == groupOf[0]) {
            size++;
        }
        return size % Grouping.UNIT == 0 && size <= Grouping.MAX ? size : -1;
    }

    /** {@code k → k ÷ group}. */
    static int[] evenGroups(int cols, int group) {
        int[] groupOf = new int[cols];
        for (int k = 0; k < cols; k++) {
            groupOf[k] = k / group;
        }
        return groupOf;
    }

    /**
     * Reads a stored group index.
     *
     * @throws IngotException.BadData when an entry is not one of the groups
     */
    static int[] groupIndex(ingot.formats.TensorSource source, ingot.formats.TensorInfo index, int cols, int groups) {
        int[] groupOf = new int[cols];
        Stored.ints(source, index, 0, groupOf, 0, cols);
        for (int k = 0; k < cols; k++) {
            if (groupOf[k] < 0 || groupOf[k] >= groups) {
                throw IngotException.BadData.tensor(
                        index.file(),
                        index.name(),
                        index.offset() + 4L * k,
                        "column " + k + " is of group " + groupOf[k] + "; there are " + groups + " (0 to "
                                + (groups - 1) + ")");
            }
        }
        return groupOf;
    }
}
