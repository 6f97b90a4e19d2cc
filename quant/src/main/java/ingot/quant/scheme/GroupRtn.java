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
     * Chooses scale and codes of weights {@code from} … {@code to} − 1.
     *
     * @param origin named in errors
     * @return the scale's f16 bits
     */
    short group(float[] weights, int from, int to, byte[] codes, MatrixSource origin);

    @Override
    default double encode(MatrixSource source, PartSink sink) {
        ErrorSum error = new ErrorSum();
        Grouped layout = layout();
        int cols = source.cols();
        Blocks geometry = layout.blocks(source.rows(), cols);
        byte[] codes = new byte[0];
        try (RowBlocks blocks = new RowBlocks(source)) {
            for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                if (codes.length != rows * cols) {
                    codes = new byte[rows * cols];
                }
                short[] scales = new short[rows * geometry.groups()];
                for (int i = 0; i < scales.length; i++) {
                    int row = i / geometry.groups();
                    int from = row * cols + i % geometry.groups() * geometry.group();
                    int to = Math.min(from + geometry.group(), (row + 1) * cols);
                    scales[i] = group(blocks.weights, from, to, codes, source);
                    float scale = Float.float16ToFloat(scales[i]);
                    for (int k = from; k < to; k++) {
                        blocks.stored[k] = layout.value(codes[k]) * scale;
                    }
                }
                List<MemorySegment> parts = blocks.parts(layout, rows);
                layout.encode(rows, cols, codes, scales, parts);
                for (int i = 0; i < parts.size(); i++) {
                    sink.write(i, parts.get(i));
                }
                error.add(blocks.stored, blocks.weights, rows * cols);
            }
        }
        return error.nmse();
    }

    /** The weight of largest magnitude, with its sign; 0 where there is none but NaN. */
    static float extreme(float[] weights, int from, int to) {
        float extreme = 0;
        for (int i = from; i < to; i++) {
            if (Math.abs(weights[i]) > Math.abs(extreme)) {
                extreme = weights[i];
            }
        }
        return extreme;
    }
}
