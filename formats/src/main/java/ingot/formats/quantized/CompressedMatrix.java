package ingot.formats.quantized;

import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import java.util.Optional;

/**
 * compressed-tensors pack-quantized: w = (q − zero) · scale.
 *
 * <p>{@code weight_packed} i32 [out, ⌈in/p⌉] with p = 32/b numbers of b bits in a word, least significant first, each
 * stored as q + 2^(b−1); {@code weight_shape} [out, in]; {@code weight_scale} [out, groups]; {@code weight_zero_point} packed
 * the same way but down the outputs, i32 [⌈out/p⌉, groups] (early releases: i8 [out, groups], not packed); {@code
 * weight_g_idx} i32 [in], the group of every column. Reference: compressed-tensors {@code
 * compressors/quantized_compressors/pack_quantized.py} ({@code pack_to_int32}) and {@code
 * quantization/lifecycle/forward.py} ({@code _dequantize}).
 *
 * @param index the group index, where it is not i ÷ group size
 */
public record CompressedMatrix(
        TensorInfo codes, Optional<TensorInfo> index, int bits, int cols, Range range, Grids grids)
        implements IntegerMatrix {
    /**
     * Scales and zero points.
     *
     * @param packedZeros zero points packed into words
     * @param zeros zero points one by one
     */
    public record Grids(ScaleGrid scales, Optional<TensorInfo> packedZeros, Optional<ScaleGrid> zeros) {
        /** Zero points of {@code n} rows, {@code [n][groups]}; 0 where there are none. */
        int[] zeros(long first, int n, int bits) {
            int groups = scales.groups();
            int[] out = new int[Math.multiplyExact(n, groups)];
            zeros.ifPresent(grid -> {
                float[] values = new float[out.length];
                grid.read(first, n, values);
                for (int i = 0; i < out.length; i++) {
                    out[i] = (int) values[i];
                }
            });
            packedZeros.ifPresent(tensor -> {
                int perWord = 32 / bits;
                long from = first / perWord;
                int lines = (int) ((first + n - 1) / perWord - from) + 1;
                int[] words = new int[Math.multiplyExact(lines, groups)];
                Stored.ints(scales.source(), tensor, from * groups, words, 0, words.length);
                for (int i = 0; i < out.length; i++) {
                    long row = first + i / groups;
                    int word = words[(int) (row / perWord - from) * groups + i % groups];
                    out[i] = number(word, (int) (row % perWord), bits);
                }
            });
            return out;
        }
    }

    /** Number {@code j} of a word, less its bias. */
    static int number(int word, int j, int bits) {
        return ((word >>> j * bits) & ((1 << bits) - 1)) - (1 << (bits - 1));
    }

    @Override
    public long rows() {
        return codes.shape().dim(0);
    }

    @Override
    public int groups() {
        return grids.scales.groups();
    }

    @Override
    public int[] groupOf() {
        TensorSource source = grids.scales.source();
        return index.map(t -> IntegerMatrix.groupIndex(source, t, cols, groups()))
                .orElseGet(() -> IntegerMatrix.evenGroups(cols, grids.scales.colBlock()));
    }

    @Override
    public void codes(long first, int n, int[] out) {
        int perWord = 32 / bits;
        int line = (int) codes.shape().dim(1);
        int[] words = new int[Math.multiplyExact(n, line)];
        Stored.ints(grids.scales.source(), codes, first * line, words, 0, words.length);
        int[] zeros = grids.zeros(first, n, bits);
        int[] groupOf = groupOf();
        for (int row = 0; row < n; row++) {
            for (int k = 0; k < cols; k++) {
                int q = number(words[row * line + k / perWord], k % perWord, bits);
                out[row * cols + k] = q - zeros[row * groups() + groupOf[k]];
            }
        }
    }

    @Override
    public void scales(long first, int n, float[] out) {
        grids.scales.read(first, n, out);
    }

    @Override
    public String describe() {
        String group = groups() == 1 ? "channel" : "g" + grids.scales.colBlock();
        return "compressed-tensors int" + bits + " " + group + (index.isPresent() ? " act-order" : "");
    }
}
