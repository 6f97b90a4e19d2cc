package ingot.quant.gptq;

import ingot.runtime.kernel.Levels;

/**
 * Whole numbers from 0 to {@code top} with a scale above 0 and an offset; codes are the numbers themselves.
 *
 * @param top 15 for 4 bits
 * @param lifted whether the offset may be above 0; where it may not, every group reaches down to 0
 */
public record AffineGrid(int top, boolean lifted) implements Grid {
    @Override
    public Levels numbers() {
        return new Levels.Whole(0, top);
    }

    @Override
    public byte code(float level) {
        return (byte) level;
    }

    @Override
    public boolean signed() {
        return false;
    }
}
