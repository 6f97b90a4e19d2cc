package ingot.runtime.kernel;

import ingot.runtime.kernel.nativecode.NativeCandidates;
import java.util.Optional;

/**
 * What weighted least squares needs of a group of weights for many scales at once, in generated machine code: every scale in a
 * lane of its own, so that each sum has the order and the bits that a loop in Java gives it. Serves any number of threads.
 */
public interface ScaleCandidates {
    /** Scales of a call; 0 may stand for those that are not needed. */
    int COUNT = 48;

    /** Places in the table of a call: {@link #COUNT} of each, then the ends of the grid. */
    int INVERSE = 0;

    int PRODUCTS = COUNT;
    int SQUARES = 2 * COUNT;
    int LOW = 3 * COUNT;
    int HIGH = LOW + 1;
    int TABLE = HIGH + 1;

    /** Empty where generated code cannot run. */
    static Optional<ScaleCandidates> generated() {
        return NativeCandidates.get();
    }

    /**
     * With v = ⌊x · inverse + ½⌋, kept within low … high: products = Σ h·x·v and squares = Σ h·v·v, in f32 and in the order of
     * the weights.
     *
     * @param x weights, from {@code from} on {@code n} of them, with finite products with the inverses
     * @param h importance, same places
     * @param table of {@link #TABLE} numbers: inverses and ends go in, products and squares come out
     */
    void sums(float[] x, float[] h, int from, int n, float[] table);
}
