package ingot.quant.gptq;

/**
 * The numbers a group of weights may take: level(code) · scale, with one scale per group. Which scales can be stored is the
 * {@link ScaleRule}'s affair.
 */
public sealed interface Grid permits UniformGrid, TableGrid {
    /** The level nearest to {@code x}. */
    float nearest(float x);

    /** The code of a level that {@link #nearest} returned. */
    byte code(float level);

    /** Most negative level. */
    float low();

    /** Most positive level. */
    float high();

    /** Whether a scale may be negative, which swaps the ends of the grid. */
    boolean signed();

    /** Levels between two neighbours of a uniform grid over the same range; says how finely a scale is worth searching. */
    int steps();
}
