package ingot.quant.gptq;

/**
 * What a group of weights has in common: a level stands for level · scale + offset.
 *
 * @param offset 0 on grids without one
 */
public record Scaling(float scale, float offset) {
    /** A scale alone. */
    public static Scaling of(float scale) {
        return new Scaling(scale, 0);
    }

    /** The weight that a level stands for, with the roundings of every format that stores such pairs. */
    float value(float level) {
        // Without an offset a zero keeps its sign, as in the formats.
        return offset == 0 ? level * scale : level * scale + offset;
    }
}
