package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Round-to-nearest on a symmetric integer grid with one f16 scale per row and group: q = round(w ÷ scale), ties away from
 * zero, with the scale as it is stored.
 *
 * <p>int8: scale = max|w| ÷ 127 (GGUF's Q8_0). int4: scale = m ÷ −8 where m is the weight of largest magnitude with its
 * sign, so that all sixteen codes are used and m is met (GGUF's Q4_0).
 */
public sealed interface IntegerRtn extends Scheme {
    /** int8 with the layout's groups. */
    record Int8Rtn(Int8 layout) implements IntegerRtn {
        @Override
        public int low() {
            return -127;
        }

        @Override
        public int high() {
            return 127;
        }

        @Override
        public int group() {
            return layout.group();
        }

        @Override
        public float scale(float extreme) {
            return Math.abs(extreme) / 127;
        }

        @Override
        public void pack(int rows, int cols, byte[] codes, short[] scales, List<MemorySegment> out) {
            layout.encode(rows, cols, codes, scales, out);
        }
    }

    /** int4 with the layout's groups. */
    record Int4Rtn(Int4 layout) implements IntegerRtn {
        @Override
        public int low() {
            return -8;
        }

        @Override
        public int high() {
            return 7;
        }

        @Override
        public int group() {
            return layout.group();
        }

        @Override
        public float scale(float extreme) {
            return extreme / -8;
        }

        @Override
        public void pack(int rows, int cols, byte[] codes, short[] scales, List<MemorySegment> out) {
            layout.encode(rows, cols, codes, scales, out);
        }
    }

    /** Smallest code. */
    int low();

    /** Largest code. */
    int high();

    /** Columns per scale, or {@link ingot.formats.block.Grouping#CHANNEL}. */
    int group();

    /** Scale of a group whose weight of largest magnitude is {@code extreme}. */
    float scale(float extreme);

    /** Packs codes and scales of a run of rows. */
    void pack(int rows, int cols, byte[] codes, short[] scales, List<MemorySegment> out);

    @Override
    default Layout layout() {
        return switch (this) {
            case Int8Rtn s -> s.layout();
            case Int4Rtn s -> s.layout();
        };
    }

    @Override
    default String method() {
        return "rtn";
    }

    @Override
    default double encode(MatrixSource source, PartSink sink) {
        ErrorMeter error = new ErrorMeter();
        int cols = source.cols();
        Blocks geometry = Blocks.of(source.rows(), cols, group());
        byte[] codes = new byte[0];
        try (RowBlocks blocks = new RowBlocks(source)) {
            for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                if (codes.length != rows * cols) {
                    codes = new byte[rows * cols];
                }
                short[] scales = new short[rows * geometry.groups()];
                for (int row = 0; row < rows; row++) {
                    for (int g = 0; g < geometry.groups(); g++) {
                        int from = row * cols + g * geometry.group();
                        int to = Math.min(from + geometry.group(), (row + 1) * cols);
                        scales[row * geometry.groups() + g] = group(blocks, from, to, codes, source);
                    }
                }
                List<MemorySegment> parts = blocks.parts(layout(), rows);
                pack(rows, cols, codes, scales, parts);
                for (int i = 0; i < parts.size(); i++) {
                    sink.write(i, parts.get(i));
                }
                error.add(blocks.weights, blocks.stored, rows * cols);
            }
        }
        return error.nmse();
    }

    private short group(RowBlocks blocks, int from, int to, byte[] codes, MatrixSource source) {
        float[] w = blocks.weights;
        float extreme = 0;
        for (int i = from; i < to; i++) {
            if (Math.abs(w[i]) > Math.abs(extreme)) {
                extreme = w[i];
            }
        }
        short bits = F16Scale.of(scale(extreme), source);
        float scale = Float.float16ToFloat(bits);
        float inverse = scale == 0 ? 0 : 1 / scale;
        int low = low();
        int high = high();
        for (int i = from; i < to; i++) {
            float x = w[i] * inverse;
            int q = Math.clamp((int) (x + Math.copySign(0.5f, x)), low, high);
            codes[i] = (byte) q;
            blocks.stored[i] = q * scale;
        }
        return bits;
    }
}
