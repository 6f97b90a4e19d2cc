package ingot.formats.quantized;

import static ingot.formats.quantized.Stored.ceil;

import ingot.formats.DType;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.quantized.CompressedConfig.Weights;
import ingot.formats.quantized.IntegerMatrix.Range;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Finds for every module of a compressed-tensors checkpoint the settings that its shapes fit, and checks the companions. */
final class CompressedReader {
    private static final Set<DType> ZEROS = Set.of(DType.I8, DType.I32);
    private static final int SCAN = 1 << 16;

    private final CompressedConfig config;
    private final Stored stored;

    CompressedReader(CompressedConfig config, Stored stored) {
        this.config = config;
        this.stored = stored;
    }

    /** A module with {@code weight_packed}. */
    Packed packed(String module) {
        TensorInfo weight = stored.find(module + ".weight_packed").orElseThrow();
        Stored.checkMatrix(weight, DType.I32);
        int cols = cols(stored.require(module + ".weight_shape", weight), weight);
        long rows = weight.shape().dim(0);
        TensorInfo scale = stored.require(module + ".weight_scale", weight);
        Stored.check(scale, ScaleGrid.SCALES, scale.shape(), "");
        requireWholeWords(weight);
        List<Weights> fitting = config.weights().stream()
                .filter(w -> !w.floating() && weight.shape().dim(1) == ceil(cols, 32 / w.bits()))
                .filter(w -> grid(w, scale, rows, cols).isPresent())
                .toList();
        Weights settings = only(fitting, module, weight, scale);
        ScaleGrid scales = grid(settings, scale, rows, cols).orElseThrow();
        Optional<TensorInfo> zero = zero(module, weight, settings);
        CompressedMatrix.Grids grids = grids(scales, zero, settings, rows, cols);
        Optional<TensorInfo> index = index(module, cols);
        boolean scattered = index.isPresent()
                && !Arrays.equals(
                        IntegerMatrix.groupIndex(stored.source(), index.get(), cols, scales.groups()),
                        IntegerMatrix.evenGroups(cols, scales.colBlock()));
        Range range = range(grids, settings.bits(), rows, zero.isPresent());
        return new CompressedMatrix(weight, index.filter(t -> scattered), settings.bits(), cols, range, grids);
    }

    /** The group index. One with a −1 in it was never written to and counts as absent, as in {@code _process_quantization}. */
    private Optional<TensorInfo> index(String module, int cols) {
        Optional<TensorInfo> index = stored.find(module + ".weight_g_idx");
        return index.filter(t -> {
            Stored.check(t, Set.of(DType.I32), new Shape(cols), "inputs");
            int[] groups = new int[cols];
            Stored.ints(stored.source(), t, 0, groups, 0, cols);
            return Arrays.stream(groups).noneMatch(g -> g == -1);
        });
    }

    /** Widths that do not divide 32: early releases padded every word, later ones split numbers, and shapes may not tell. */
    private void requireWholeWords(TensorInfo weight) {
        config.weights().stream().filter(w -> 32 % w.bits() != 0).findFirst().ifPresent(w -> {
            throw Stored.mismatch(
                    weight,
                    "packed numbers of " + w.bits() + " bits are stored in two ways that look alike; expected 2, 4"
                            + " or 8 bits");
        });
    }

    /** A module with {@code weight} of 8 bits and {@code weight_scale}. */
    Packed plain(String module) {
        TensorInfo scale = stored.find(module + ".weight_scale").orElseThrow();
        TensorInfo weight = stored.require(module + ".weight", scale);
        boolean floating = weight.dtype() == DType.F8_E4M3;
        Stored.checkMatrix(weight, floating ? DType.F8_E4M3 : DType.I8);
        Stored.check(scale, ScaleGrid.SCALES, scale.shape(), "");
        long rows = weight.shape().dim(0);
        int cols = Stored.cols(weight.shape().dim(1), weight);
        List<Weights> fitting = config.weights().stream()
                .filter(w -> w.floating() == floating)
                .filter(w -> grid(w, scale, rows, cols).isPresent())
                .toList();
        Weights settings = only(fitting, module, weight, scale);
        ScaleGrid scales = grid(settings, scale, rows, cols).orElseThrow();
        String name = "compressed-tensors " + (floating ? "fp8" : "int8") + " " + describe(settings);
        Optional<TensorInfo> zero = zero(module, weight, settings);
        if (floating) {
            zero.filter(z -> !isZero(z)).ifPresent(z -> {
                throw Stored.bad(z, "zero points other than 0 with FP8 weights; expected none");
            });
            return new FloatMatrix(weight, scales, name);
        }
        Optional<ScaleGrid> zeros = zero.map(z -> sameGrid(settings, z, rows, cols));
        Range range = zeros.map(z -> range(z, rows)).orElse(new Range(-128, 127));
        return new Int8Matrix(weight, scales, zeros, range, name);
    }

    private int cols(TensorInfo shape, TensorInfo weight) {
        if (shape.dtype() != DType.I64 && shape.dtype() != DType.I32
                || shape.shape().count() != 2) {
            throw Stored.bad(shape, shape.dtype().label() + " " + shape.shape() + "; expected two integers");
        }
        int width = shape.dtype().bytes();
        MemorySegment bytes = MemorySegment.ofArray(Stored.bytes(stored.source(), shape, 0, 2 * width));
        long rows = width == 8 ? bytes.get(Numbers.LE_LONG, 0) : bytes.get(Numbers.LE_INT, 0);
        long cols = width == 8 ? bytes.get(Numbers.LE_LONG, width) : bytes.get(Numbers.LE_INT, width);
        if (rows != weight.shape().dim(0)) {
            throw Stored.bad(
                    shape,
                    "says [" + rows + ", " + cols + "], but weight_packed has "
                            + weight.shape().dim(0) + " rows");
        }
        return Stored.cols(cols, shape);
    }

    /** Settings of one geometry may still differ in zero points, which are there or not. */
    private Weights only(List<Weights> matching, String module, TensorInfo weight, TensorInfo scale) {
        boolean hasZeros = stored.source().tensors().containsKey(module + ".weight_zero_point");
        List<Weights> agreeing =
                matching.stream().filter(w -> w.symmetric() != hasZeros).toList();
        List<Weights> fitting = matching.size() > 1 && agreeing.size() == 1 ? agreeing : matching;
        if (fitting.size() != 1) {
            throw Stored.mismatch(
                    weight,
                    weight.dtype().label() + " " + weight.shape() + " with scales " + scale.shape() + " fits "
                            + (fitting.isEmpty() ? "none" : fitting.size() + " different ones")
                            + " of the config_groups");
        }
        return fitting.getFirst();
    }

    private Optional<ScaleGrid> grid(Weights w, TensorInfo tensor, long rows, int cols) {
        TensorSource source = stored.source();
        return switch (w.strategy()) {
            case TENSOR -> ScaleGrid.tensor(source, tensor, rows, cols);
            case CHANNEL -> ScaleGrid.channel(source, tensor, rows, cols);
            case GROUP, BLOCK -> ScaleGrid.blocks(source, tensor, rows, cols, w.block());
        };
    }

    private Optional<TensorInfo> zero(String module, TensorInfo weight, Weights settings) {
        String name = module + ".weight_zero_point";
        Optional<TensorInfo> zero = stored.find(name);
        if (zero.isEmpty() && !settings.symmetric()) {
            throw Stored.mismatch(weight, "no tensor " + Text.quote(name) + " beside it; asymmetric weights need one");
        }
        return zero;
    }

    private CompressedMatrix.Grids grids(
            ScaleGrid scales, Optional<TensorInfo> zero, Weights settings, long rows, int cols) {
        boolean isPacked = zero.filter(z -> z.dtype() == DType.I32).isPresent();
        if (isPacked) {
            Shape shape = new Shape(ceil(rows, 32 / settings.bits()), scales.groups());
            Stored.check(zero.get(), Set.of(DType.I32), shape, "outputs packed, groups");
            return new CompressedMatrix.Grids(scales, zero, Optional.empty());
        }
        return new CompressedMatrix.Grids(scales, Optional.empty(), zero.map(z -> sameGrid(settings, z, rows, cols)));
    }

    private ScaleGrid sameGrid(Weights settings, TensorInfo zero, long rows, int cols) {
        Stored.check(zero, ZEROS, zero.shape(), "");
        return grid(settings, zero, rows, cols)
                .orElseThrow(() -> Stored.bad(zero, "shape " + zero.shape() + " differs from that of weight_scale"));
    }

    private static Range range(CompressedMatrix.Grids grids, int bits, long rows, boolean hasZeros) {
        int half = 1 << (bits - 1);
        int low = 0;
        int high = 0;
        int step = step(rows, grids.scales().groups());
        for (long row = 0; hasZeros && row < rows; row += step) {
            for (int zero : grids.zeros(row, (int) Math.min(step, rows - row), bits)) {
                low = Math.min(low, zero);
                high = Math.max(high, zero);
            }
        }
        return new Range(-half - high, half - 1 - low);
    }

    private static Range range(ScaleGrid zeros, long rows) {
        int low = 0;
        int high = 0;
        int step = step(rows, zeros.groups());
        float[] values = new float[Math.multiplyExact(step, zeros.groups())];
        for (long row = 0; row < rows; row += step) {
            int n = (int) Math.min(step, rows - row);
            zeros.read(row, n, values);
            for (int i = 0; i < n * zeros.groups(); i++) {
                low = Math.min(low, (int) values[i]);
                high = Math.max(high, (int) values[i]);
            }
        }
        return new Range(-128 - high, 127 - low);
    }

    /** Rows to look at in one go: as many as {@link #SCAN} numbers are, and no more than there are. */
    private static int step(long rows, int groups) {
        return (int) Math.max(1, Math.min(rows, SCAN / groups));
    }

    private boolean isZero(TensorInfo tensor) {
        float[] values = new float[SCAN];
        for (long at = 0; at < tensor.shape().count(); at += SCAN) {
            int n = (int) Math.min(SCAN, tensor.shape().count() - at);
            Stored.floats(stored.source(), tensor, at, values, 0, n);
            for (int i = 0; i < n; i++) {
                if (values[i] != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static String describe(Weights w) {
        return switch (w.strategy()) {
            case TENSOR, CHANNEL -> w.strategy().name().toLowerCase(Locale.ROOT);
            case GROUP -> "g" + w.block().cols();
            case BLOCK -> w.block().rows() + "x" + w.block().cols();
        };
    }
}
