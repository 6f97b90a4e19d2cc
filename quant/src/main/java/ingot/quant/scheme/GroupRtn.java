package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.runtime.verify.ErrorSum;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Round-to-nearest with one f16 scale per row and group: each group by itself, with the scale as it is stored. */
sealed interface GroupRtn extends Scheme permits IntegerRtn, TableRtn {
    @Override
    Grouped layout();

    @Override
    default String method() {
        return "rtn";
    }

    /**
     * Chooses scale and codes of weights {@code from} … {@code to} − 1 of {@code blocks.weights}, and says in
     * {@code blocks.stored} what they became.
     *
     * @return the scale's f16 bits
     */
    short group(RowBlocks blocks, int from, int to, byte[] codes);

    @Override
    default double encode(MatrixSource source, PartSink sink) {
        ErrorSum error = new ErrorSum();
        Grouped layout = layout();
        int cols = source.cols();
        byte[] codes = new byte[0];
        try (RowBlocks blocks = new RowBlocks(source)) {
            for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                if (codes.length != rows * cols) {
                    codes = new byte[rows * cols];
                }
                List<MemorySegment> parts = blocks.parts(layout, rows);
                round(blocks, rows, codes, parts);
                for (int i = 0; i < parts.size(); i++) {
                    sink.write(i, parts.get(i));
                }
                blocks.addTo(error, rows);
            }
        }
        return error.nmse();
    }

    /** Rounds the first {@code rows} rows of {@code blocks.weights} to {@code codes}, and packs them. */
    default void round(RowBlocks blocks, int rows, byte[] codes, List<MemorySegment> parts) {
        int cols = blocks.source().cols();
        short[] scales = new short[rows * layout().blocks(rows, cols).groups()];
        for (int row = 0; row < rows; row++) {
            round(blocks, row, codes, scales);
        }
        layout().encode(rows, cols, codes, scales, parts);
    }

    private void round(RowBlocks blocks, int row, byte[] codes, short[] scales) {
        MatrixSource source = blocks.source();
        int cols = source.cols();
        Blocks geometry = layout().blocks(source.rows(), cols);
        int end = (row + 1) * cols;
        int at = row * geometry.groups();
        for (int from = row * cols; from < end; from += geometry.group()) {
            scales[at++] = group(blocks, from, Math.min(from + geometry.group(), end), codes);
        }
    }

    /** The bits of an infinity; those of NaN are larger. */
    int INFINITY = 0x7F800000;

    /** The weight of largest magnitude, with its sign, the first of equals; 0 where there is none but NaN. */
    static float extreme(float[] weights, int from, int to) {
        // The bits of numbers of one sign have the order of their magnitudes, and integers compare in one cycle.
        int positive = Integer.MIN_VALUE;
        int negative = Integer.MIN_VALUE;
        for (int i = from; i < to; i++) {
            int bits = Float.floatToRawIntBits(weights[i]);
            positive = Math.max(positive, bits);
            negative = Math.max(negative, bits ^ Integer.MIN_VALUE);
        }
        int largest = Math.max(positive, negative);
        if (largest <= 0) {
            return 0;
        }
        if (positive == negative || largest > INFINITY) {
            return first(weights, from, to);
        }
        return positive > negative ? Float.intBitsToFloat(positive) : -Float.intBitsToFloat(negative);
    }

    /** As {@link #extreme}, whatever the weights. */
    private static float first(float[] weights, int from, int to) {
        float extreme = 0;
        for (int i = from; i < to; i++) {
            if (Math.abs(weights[i]) > Math.abs(extreme)) {
                extreme = weights[i];
            }
        }
        return extreme;
    }
}
