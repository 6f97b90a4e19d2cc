package ingot.quant.gptq;

import ingot.runtime.kernel.Levels;

/**
 * The numbers a group of weights may take: level(code) · scale + offset, with one {@link Scaling} per group. Which can be stored is the
 * {@link ScaleRule}'s affair.
 */
public sealed interface Grid permits UniformGrid, AffineGrid, TableGrid {
    /** The levels. */
    Levels numbers();

    /** The code of one of {@link #numbers}. */
    byte code(float level);

    /** Most negative level. */
    default float low() {
        return numbers().low();
    }

    /** Most positive level. */
    default float high() {
        return numbers().high();
    }

    /** Whether a scale may be negative, which swaps the ends of the grid. */
    boolean signed();

    /** Levels between two neighbours of a uniform grid over the same range; says how finely a scale is worth searching. */
    default int steps() {
        return numbers().count() - 1;
    }
}
