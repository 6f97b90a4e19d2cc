package ingot.runtime.kernel.vector;

import jdk.incubator.vector.VectorSpecies;

/**
 * Sums that are the same at every vector width: always of sixteen lanes, which narrower vectors hold in parts. The sixteen
 * are added as {@link LaneSum} adds them: lane i and i + 8 first, then i and i + 4, and so on.
 */
final class Sixteen {
    static final int LANES = 16;

    private Sixteen() {}

    /** Vectors that make sixteen lanes: 1, 2 or 4. */
    static int parts(VectorSpecies<Float> species) {
        return LANES / species.length();
    }
}
