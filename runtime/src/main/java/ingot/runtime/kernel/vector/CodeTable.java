package ingot.runtime.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The 16 values of a type's 4-bit codes as bits, in as many registers as they need: {@code a} alone, {@code a} and
 * {@code b}, or all four. A record, because the compiler trusts its fields to be constants.
 */
record CodeTable(IntVector a, IntVector b, IntVector c, IntVector d) {
    static CodeTable of(VectorSpecies<Integer> species, float[] values) {
        IntVector[] parts = new IntVector[4];
        for (int p = 0; p < parts.length; p++) {
            int[] bits = new int[species.length()];
            for (int lane = 0; lane < bits.length; lane++) {
                bits[lane] = Float.floatToRawIntBits(values[(p * bits.length + lane) % values.length]);
            }
            parts[p] = IntVector.fromArray(species, bits, 0);
        }
        return new CodeTable(parts[0], parts[1], parts[2], parts[3]);
    }

    /** The value of the lowest four bits of every lane; the other bits do not matter. */
    FloatVector values(IntVector codes) {
        // selectFrom takes indices modulo the lanes of its tables.
        IntVector bits = switch (codes.length()) {
            case 16 -> codes.selectFrom(a);
            case 8 -> codes.selectFrom(a, b);
            case 4 -> {
                var odd = codes.and(4).compare(VectorOperators.NE, 0);
                var upper = codes.and(8).compare(VectorOperators.NE, 0);
                IntVector low = codes.selectFrom(a).blend(codes.selectFrom(b), odd);
                yield low.blend(codes.selectFrom(c).blend(codes.selectFrom(d), odd), upper);
            }
            default -> throw new IllegalStateException(codes.length() + " lanes");
        };
        return bits.reinterpretAsFloats();
    }
}
