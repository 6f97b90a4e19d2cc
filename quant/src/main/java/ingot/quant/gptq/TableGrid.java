package ingot.quant.gptq;

import ingot.runtime.kernel.Levels;

/** A table of numbers; codes are indices. */
public record TableGrid(Levels.Table numbers, boolean signed) implements Grid {
    /** @param levels ascending, at most 256, the first negative, the last positive; kept */
    public TableGrid(float[] levels, boolean signed) {
        this(Levels.Table.of(levels), signed);
    }

    @Override
    public byte code(float level) {
        return (byte) numbers.index(level);
    }
}
