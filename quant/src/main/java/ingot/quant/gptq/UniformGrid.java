package ingot.quant.gptq;

import ingot.runtime.kernel.Levels;

/**
 * Whole numbers from {@code min} to {@code max}; codes are the numbers themselves.
 *
 * @param min −8 for int4, −127 for int8
 */
public record UniformGrid(int min, int max, boolean signed) implements Grid {
    @Override
    public Levels numbers() {
        return new Levels.Whole(min, max);
    }

    @Override
    public byte code(float level) {
        return (byte) level;
    }
}
