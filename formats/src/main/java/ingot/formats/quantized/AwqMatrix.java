package ingot.formats.quantized;

import static ingot.formats.quantized.Stored.ceil;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import java.util.Set;

/**
 * AWQ in the layout of its GEMM kernels: w[o][i] = (q[i][o] − zero[g][o]) · scales[g][o], g = i ÷ group size.
 *
 * <p>{@code qweight} i32 [in, out/8] and {@code qzeros} i32 [groups, out/8]: nibble j of word c, least significant first, is
 * output 8c + {0, 2, 4, 6, 1, 3, 5, 7}[j]; zeros are stored as they are. {@code scales} [groups, out]. Reference: AutoAWQ
 * {@code awq/utils/packing_utils.py} ({@code dequantize_gemm}).
 *
 * @param range of q − zero over the whole matrix
 */
public record AwqMatrix(Columns columns, TensorInfo codes, TensorInfo zeros, TensorInfo scales, int group, Range range)
        implements IntegerMatrix {
    private static final int PER_WORD = 8;

    /** Words of zeros read at a time. */
    private static final int STEP = 1 << 15;

    /** Nibble of a word that holds output 8c + j: the inverse of the order above. */
    private static final int[] NIBBLE = {0, 4, 1, 5, 2, 6, 3, 7};

    static AwqMatrix open(AwqConfig config, Stored stored, String module) {
        TensorInfo weight = stored.find(module + ".qweight").orElseThrow();
        TensorInfo zeros = stored.require(module + ".qzeros", weight);
        TensorInfo scales = stored.require(module + ".scales", weight);
        Stored.checkMatrix(weight, DType.I32);
        int cols = Stored.cols(weight.shape().dim(0), weight);
        long words = weight.shape().dim(1);
        int group = config.group() < 0 ? cols : config.group();
        long groups = ceil(cols, group);
        if (scales.shape().rank() != 2 || scales.shape().dim(0) != groups) {
            throw Stored.mismatch(
                    scales,
                    "shape " + scales.shape() + "; the group size of the configuration makes " + groups + " groups");
        }
        Stored.check(
                scales,
                Set.of(DType.F16, DType.BF16, DType.F32),
                new Shape(groups, Math.multiplyExact(words, PER_WORD)),
                "groups, outputs of qweight");
        Stored.check(zeros, Set.of(DType.I32), new Shape(groups, words), "groups, outputs ÷ 8");
        return new AwqMatrix(stored.columns(), weight, zeros, scales, group, range(stored.source(), zeros));
    }

    private static Range range(TensorSource source, TensorInfo zeros) {
        int low = 15;
        int high = 0;
        long count = zeros.shape().count();
        int[] words = new int[(int) Math.min(STEP, count)];
        for (long at = 0; at < count; at += STEP) {
            int n = (int) Math.min(STEP, count - at);
            Stored.ints(source, zeros, at, words, 0, n);
            for (int i = 0; i < n * PER_WORD; i++) {
                int zero = (words[i / PER_WORD] >>> 4 * (i % PER_WORD)) & 15;
                low = Math.min(low, zero);
                high = Math.max(high, zero);
            }
        }
        return new Range(-high, 15 - low);
    }

    @Override
    public long rows() {
        return scales.shape().dim(1);
    }

    @Override
    public int cols() {
        return (int) codes.shape().dim(0);
    }

    @Override
    public int groups() {
        return (int) scales.shape().dim(0);
    }

    @Override
    public int[] groupOf() {
        return IntegerMatrix.evenGroups(cols(), group);
    }

    @Override
    public void codes(long first, int n, int[] out) {
        int cols = cols();
        long from = first / PER_WORD;
        int count = (int) (ceil(first + n, PER_WORD) - from);
        int skip = (int) (first - from * PER_WORD);
        int[] zeroWords = new int[Math.multiplyExact(groups(), count)];
        int[] words = new int[Math.multiplyExact(cols, count)];
        columns.ints(zeros, from, count, zeroWords);
        columns.ints(codes, from, count, words);
        for (int row = 0; row < n; row++) {
            int word = (skip + row) / PER_WORD;
            int shift = 4 * NIBBLE[(skip + row) % PER_WORD];
            for (int k = 0; k < cols; k++) {
                int zero = (zeroWords[k / group * count + word] >>> shift) & 15;
                out[row * cols + k] = ((words[k * count + word] >>> shift) & 15) - zero;
            }
        }
    }

    @Override
    public void scales(long first, int n, float[] out) {
        columns.floatsByColumn(scales, first, n, out);
    }

    @Override
    public String describe() {
        return "awq int4 " + (groups() == 1 ? "channel" : "g" + group);
    }
}
