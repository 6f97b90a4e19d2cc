package ingot.quant.gptq;

import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.grid.BlockChooser;

/**
 * Blocks of 256 weights whose groups have small integers for scales and minima: scale = d · integer, offset = −dmin · integer.
 * d and dmin have to be there before the first group is rounded: they are those which rounding the block by itself would have,
 * with the feedback of the blocks before and the costs Dₖ.
 */
@SuppressWarnings("ArrayRecordComponent") // buffers, never compared
record SuperRule(PackedBlock block, BlockChooser chooser, Range range, int blocks, short[] d, short[] dmin)
        implements ScaleRule {
    /** Integers that a scale may be. */
    private record Range(int lowest, int highest) {}

    private static final int MOST_MIN = 63;

    /** Feedback widens the groups that are rounded later. */
    private static final float HEADROOM = 1 + 1 / 16f;

    static SuperRule of(GgmlType type, int rows, int cols) {
        Range range = switch (type) {
            case Q4_K, Q5_K -> new Range(0, 63);
            case Q6_K -> new Range(-128, 127);
            case IQ4_XS -> new Range(-32, 31);
            default -> throw new IllegalArgumentException(type + " has no scales of scales");
        };
        PackedBlock block = BlockStorage.block(type);
        int blocks = cols / block.weights();
        int count = Math.multiplyExact(rows, blocks);
        return new SuperRule(block, BlockChooser.of(type), range, blocks, new short[count], new short[count]);
    }

    @Override
    public void open(int row, int span, float[] weights, float[] cost) {
        BlockNumbers numbers = block.numbers();
        chooser.choose(weights, cost, 0, numbers);
        int at = row * blocks + span;
        d[at] = raised(numbers.d());
        dmin[at] = raised(numbers.m());
    }

    private static short raised(short factor) {
        short raised = Float.floatToFloat16(Float.float16ToFloat(factor) * HEADROOM);
        return Float.isInfinite(Float.float16ToFloat(raised)) ? factor : raised;
    }

    @Override
    public Scaling storable(int row, int group, Scaling wanted) {
        Scaling step = step(row, group);
        float scale = step.scale() * integer(wanted.scale(), step.scale(), range.lowest(), range.highest());
        float min = step.offset() * integer(-wanted.offset(), step.offset(), 0, MOST_MIN);
        return new Scaling(scale, -min);
    }

    @Override
    public Scaling step(int row, int group) {
        int at = row * blocks + group / block.groups();
        return new Scaling(Float.float16ToFloat(d[at]), Float.float16ToFloat(dmin[at]));
    }

    /** The integer that makes the multiple of {@code unit} nearest to {@code x}; exact for what is one. */
    private static int integer(float x, float unit, int lowest, int highest) {
        return unit == 0 ? 0 : Math.clamp(Math.round(x / unit), lowest, highest);
    }

    /** Puts factors and integers of block {@code span} of a row into {@code numbers}; its first group is {@code from}. */
    void put(int row, int span, Sweep.Rows rows, int from, BlockNumbers numbers) {
        int at = row * blocks + span;
        numbers.factors(d[at], dmin[at]);
        Scaling step = step(row, span * block.groups());
        for (int g = 0; g < block.groups(); g++) {
            numbers.scales()[g] =
                    (byte) integer(rows.scales()[from + g], step.scale(), range.lowest(), range.highest());
            if (numbers.mins().length > 0) {
                numbers.mins()[g] = (byte) integer(-rows.offsets()[from + g], step.offset(), 0, MOST_MIN);
            }
        }
    }
}
