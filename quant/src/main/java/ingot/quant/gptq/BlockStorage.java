package ingot.quant.gptq;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.scheme.F16Scale;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A matrix in blocks of a GGUF type, one row after the other. */
@SuppressWarnings("ArrayRecordComponent") // buffers, never compared
record BlockStorage(GgmlType type, PackedBlock block, int cols, Grid grid, ScaleRule rule, byte[] bytes)
        implements Storage {
    static BlockStorage of(GgmlType type, int rows, int cols) {
        PackedBlock block = block(type);
        byte[] bytes = new byte[Math.toIntExact(type.bytes(Math.multiplyExact((long) rows, cols)))];
        return new BlockStorage(type, block, cols, grid(type, block), rule(type, block, rows, cols), bytes);
    }

    static PackedBlock block(GgmlType type) {
        return type.packed().orElseThrow(() -> new IllegalArgumentException(type + " is not written in blocks"));
    }

    private static Grid grid(GgmlType type, PackedBlock block) {
        return switch (type) {
            // −128 is left out: the sums of products in some kernels have no room for it on both sides.
            case Q8_0 -> new UniformGrid(-block.highest(), block.highest(), false);
            case Q4_0, Q5_0, Q6_K -> new UniformGrid(block.lowest(), block.highest(), true);
            case Q4_1, Q5_1 -> new AffineGrid(block.highest(), true);
            case Q4_K, Q5_K -> new AffineGrid(block.highest(), false);
            case IQ4_NL, IQ4_XS -> new TableGrid(table(block), true);
            default -> throw new IllegalArgumentException(type + " has no grid");
        };
    }

    private static float[] table(PackedBlock block) {
        float[] values = new float[block.highest() + 1];
        for (int code = 0; code < values.length; code++) {
            values[code] = block.value(code);
        }
        return values;
    }

    private static ScaleRule rule(GgmlType type, PackedBlock block, int rows, int cols) {
        return switch (type) {
            case Q4_K, Q5_K, Q6_K, IQ4_XS -> SuperRule.of(type, rows, cols);
            default -> block.lowest() == 0 && type != GgmlType.IQ4_NL ? ScaleRule.F16_PAIR : ScaleRule.F16;
        };
    }

    @Override
    public int group() {
        return block.weights() / block.groups();
    }

    @Override
    public float most() {
        return most(type);
    }

    static float most(GgmlType type) {
        PackedBlock block = block(type);
        Grid grid = grid(type, block);
        return switch (type) {
            case Q4_1, Q5_1 -> F16Scale.MAX;
            // Of the last ones the factor of the smallest range: 63 minima, 32 scales.
            default -> F16Scale.MAX * (block.groups() == 1 ? Math.max(-grid.low(), grid.high()) : 32);
        };
    }

    @Override
    public void put(Sweep.Rows rows, int first, float[] stored) {
        int groups = cols / group();
        int n = rows.codes().length / cols;
        BlockNumbers numbers = block.numbers();
        for (int r = 0; r < n; r++) {
            for (int b = 0; b < cols / block.weights(); b++) {
                int group = r * groups + b * block.groups();
                if (rule instanceof SuperRule shared) {
                    shared.put(first + r, b, rows, group, numbers);
                } else {
                    short offset = Float.floatToFloat16(rows.offsets()[group]);
                    numbers.factors(Float.floatToFloat16(rows.scales()[group]), offset);
                }
                int at = b * block.weights();
                System.arraycopy(rows.codes(), r * cols + at, numbers.codes(), 0, block.weights());
                int to = (first + r) * (cols / block.weights()) + b;
                block.pack(numbers, bytes, to * block.bytes());
                block.dequantize(bytes, to * block.bytes(), stored, (first + r) * cols + at);
            }
        }
    }

    @Override
    public List<MemorySegment> parts() {
        return List.of(MemorySegment.ofArray(bytes));
    }
}
