package ingot.formats.quantized;

import static ingot.formats.quantized.Stored.ceil;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * GPTQ: w[o][i] = scales[g][o] · (q[i][o] − zero[g][o]) with g = g_idx[i].
 *
 * <p>{@code qweight} i32 [⌈in·b/32⌉, out]: down each column a stream of b-bit numbers, least significant bits first, across
 * word boundaries for b = 3. {@code qzeros} i32 [groups, ⌈out·b/32⌉]: the same stream along each row. {@code scales}
 * [groups, out]. {@code g_idx} i32 [in], absent where column i is of group i ÷ group size.
 *
 * <p>Version 1 of the format stores zero − 1, version 2 zero; files lie about which one they are. A symmetric quantizer has
 * the one zero 2^(b−1), so a matrix whose stored zeros are all 2^(b−1) − 1 or all 2^(b−1) tells by itself; for any other the
 * label counts. Version 1 adds 1 modulo 2^b. Reference: AutoGPTQ {@code qlinear_cuda.py} (unpacking, the modulus),
 * {@code qlinear_cuda_old.py} (3 bits), GPTQModel {@code convert_gptq_v1_to_v2_format}.
 *
 * @param index the group index, where it is not i ÷ group size
 * @param grid what qzeros and the configuration say
 */
public record GptqMatrix(
        Columns columns,
        TensorInfo codes,
        TensorInfo zeros,
        TensorInfo scales,
        Optional<TensorInfo> index,
        int cols,
        Grid grid)
        implements IntegerMatrix {
    private static final Set<DType> INT = Set.of(DType.I32);
    private static final Set<DType> SCALES = Set.of(DType.F16, DType.BF16, DType.F32);

    /**
     * The integer grid.
     *
     * @param group columns per scale, where there is no index
     * @param added to the stored zeros, modulo 2^bits
     */
    public record Grid(int bits, int group, int added, Range range) {}

    static GptqMatrix open(GptqConfig config, Stored stored, String module) {
        TensorInfo weight = stored.find(module + ".qweight").orElseThrow();
        TensorInfo zeros = stored.require(module + ".qzeros", weight);
        TensorInfo scales = stored.require(module + ".scales", weight);
        Optional<TensorInfo> index = stored.find(module + ".g_idx");
        Stored.checkMatrix(weight, DType.I32);
        GptqConfig.Setting setting = setting(config, weight, zeros, scales, index);
        int bits = setting.bits();
        long rows = weight.shape().dim(1);
        int cols = cols(weight, index, bits);
        if (weight.shape().dim(0) != ceil((long) cols * bits, 32)) {
            throw Stored.mismatch(
                    weight, "shape " + weight.shape() + " does not hold " + cols + " columns of " + bits + " bits");
        }
        int group = setting.group(cols);
        int groups = groups(weight, scales, index.isPresent(), ceil(cols, group));
        Stored.check(scales, SCALES, new Shape(groups, rows), "groups, outputs of qweight");
        Stored.check(zeros, INT, new Shape(groups, ceil(rows * bits, 32)), "groups, outputs of " + bits + " bits");
        index.ifPresent(t -> Stored.check(t, INT, new Shape(cols), "inputs"));
        boolean scattered = index.isPresent()
                && !Arrays.equals(
                        IntegerMatrix.groupIndex(stored.source(), index.get(), cols, groups),
                        IntegerMatrix.evenGroups(cols, group));
        GptqZeros found = GptqZeros.scan(stored.source(), zeros, rows, setting, config.version2());
        return new GptqMatrix(
                stored.columns(),
                weight,
                zeros,
                scales,
                index.filter(t -> scattered),
                cols,
                new Grid(bits, group, found.added(), found.range()));
    }

    private static int cols(TensorInfo weight, Optional<TensorInfo> index, int bits) {
        long cols = index.isPresent()
                ? index.get().shape().count()
                : Math.multiplyExact(weight.shape().dim(0), 32L) / bits;
        return Stored.cols(cols, weight);
    }

    /** Where modules have different settings, the one that the shapes of this module fit. */
    private static GptqConfig.Setting setting(
            GptqConfig config, TensorInfo weight, TensorInfo zeros, TensorInfo scales, Optional<TensorInfo> index) {
        if (config.others().isEmpty()
                || zeros.shape().rank() != 2
                || scales.shape().rank() != 2) {
            return config.setting();
        }
        long rows = weight.shape().dim(1);
        List<GptqConfig.Setting> fitting = Stream.concat(Stream.of(config.setting()), config.others().stream())
                .filter(s -> {
                    int cols = cols(weight, index, s.bits());
                    return weight.shape().dim(0) == ceil((long) cols * s.bits(), 32)
                            && zeros.shape().dim(1) == ceil(rows * s.bits(), 32)
                            && scales.shape().dim(0) == ceil(cols, s.group(cols));
                })
                .toList();
        int cols =
                fitting.isEmpty() ? 1 : cols(weight, index, fitting.getFirst().bits());
        // What they say of symmetry counts below four bits only, and an index replaces the group size.
        long different = fitting.stream()
                .map(s -> new GptqConfig.Setting(
                        s.bits(), index.isPresent() ? cols : s.group(cols), s.bits() < 4 && s.symmetric()))
                .distinct()
                .count();
        if (different != 1) {
            throw Stored.mismatch(
                    weight,
                    weight.shape() + " with scales " + scales.shape() + " fits "
                            + (fitting.isEmpty() ? "none" : different + " different ones")
                            + " of the settings in 'dynamic'");
        }
        return fitting.getFirst();
    }

    private static int groups(TensorInfo weight, TensorInfo scales, boolean indexed, long expected) {
        long groups = scales.shape().rank() == 2 ? scales.shape().dim(0) : 0;
        // With an index the number of groups needs no group size: the last may be shared out differently.
        if (groups < 1 || groups > weight.shape().dim(0) * 32L || (!indexed && groups != expected)) {
            throw Stored.mismatch(
                    scales,
                    "shape " + scales.shape() + "; the group size of the configuration makes " + expected + " groups");
        }
        return Math.toIntExact(groups);
    }

    @Override
    public long rows() {
        return codes.shape().dim(1);
    }

    @Override
    public int groups() {
        return (int) scales.shape().dim(0);
    }

    @Override
    public int[] groupOf() {
        return index.map(t -> IntegerMatrix.groupIndex(columns.source(), t, cols, groups()))
                .orElseGet(() -> IntegerMatrix.evenGroups(cols, grid.group()));
    }

    @Override
    public Range range() {
        return grid.range();
    }

    @Override
    public void codes(long first, int n, int[] out) {
        int bits = grid.bits();
        int words = (int) codes.shape().dim(0);
        int[] strip = new int[Math.multiplyExact(words, n)];
        columns.ints(codes, first, n, strip);
        int[] zero = zeros(first, n);
        int[] groupOf = groupOf();
        int mask = (1 << bits) - 1;
        for (int row = 0; row < n; row++) {
            for (int k = 0; k < cols; k++) {
                int word = (int) ((long) k * bits / 32);
                int shift = (int) ((long) k * bits % 32);
                int q = strip[word * n + row] >>> shift;
                if (shift + bits > 32) {
                    q |= strip[(word + 1) * n + row] << (32 - shift);
                }
                out[row * cols + k] = (q & mask) - zero[groupOf[k] * n + row];
            }
        }
    }

    /** Zero points {@code [groups][n]}. */
    private int[] zeros(long first, int n) {
        int bits = grid.bits();
        int mask = (1 << bits) - 1;
        long from = first * bits / 32;
        int count = (int) (ceil((first + n) * bits, 32) - from);
        int[] words = new int[Math.multiplyExact(groups(), count)];
        int[] out = new int[Math.multiplyExact(groups(), n)];
        columns.ints(zeros, from, count, words);
        for (int g = 0; g < groups(); g++) {
            for (int row = 0; row < n; row++) {
                long bit = (first + row) * bits - from * 32 + g * 32L * count;
                out[g * n + row] = (GptqZeros.number(words, bit, bits) + grid.added()) & mask;
            }
        }
        return out;
    }

    @Override
    public void scales(long first, int n, float[] out) {
        columns.floatsByColumn(scales, first, n, out);
    }

    @Override
    public String describe() {
        String group = groups() == 1 ? "channel" : "g" + grid.group();
        return "gptq int" + grid.bits() + " " + group + (index.isPresent() ? " act-order" : "");
    }
}
