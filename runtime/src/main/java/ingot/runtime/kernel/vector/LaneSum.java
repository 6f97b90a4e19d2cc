package ingot.runtime.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sum of a vector's lanes in a fixed order. {@code reduceLanes} leaves the order open, so that interpreted and compiled
 * code may differ. A record, because the compiler trusts its fields to be constants.
 */
record LaneSum(VectorShuffle<Float> by8, VectorShuffle<Float> by4, VectorShuffle<Float> by2, VectorShuffle<Float> by1) {
    static LaneSum of(VectorSpecies<Float> species) {
        return new LaneSum(swap(species, 8), swap(species, 4), swap(species, 2), swap(species, 1));
    }

    private static VectorShuffle<Float> swap(VectorSpecies<Float> species, int distance) {
        int[] source = new int[species.length()];
        for (int i = 0; i < source.length; i++) {
            source[i] = (i ^ distance) % source.length;
        }
        return species.shuffleFromArray(source, 0);
    }

    /** Halves are added until one lane is left. */
    float of(FloatVector v) {
        FloatVector s = v;
        if (s.length() > 8) {
            s = s.add(s.rearrange(by8));
        }
        if (s.length() > 4) {
            s = s.add(s.rearrange(by4));
        }
        s = s.add(s.rearrange(by2));
        return s.add(s.rearrange(by1)).lane(0);
    }
}
