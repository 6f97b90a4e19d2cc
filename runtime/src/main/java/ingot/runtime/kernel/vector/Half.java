package ingot.runtime.kernel.vector;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** IEEE half precision to f32, exactly, infinities and NaN included. */
final class Half {
    /** The exponent of a half, moved to that of an f32, is too small by 127 − 15. */
    private static final float REBIAS = 0x1p112f;

    /** Where a half with exponent 31 (infinity, NaN) lands: 2^(31−15). */
    private static final float SPECIAL = 0x1p16f;

    private Half() {}

    /** The halves in the lower 16 bits of every lane; the upper bits do not matter. */
    static FloatVector widen(IntVector bits) {
        // Subnormal halves become subnormal floats, which the product makes normal.
        FloatVector magnitude =
                bits.and(0x7FFF).lanewise(VectorOperators.LSHL, 13).reinterpretAsFloats().mul(REBIAS);
        VectorMask<Integer> special = magnitude.compare(VectorOperators.GE, SPECIAL).cast(bits.species());
        IntVector exact = magnitude.reinterpretAsInts();
        exact = exact.blend(exact.or(0x7F800000), special);
        return exact.or(bits.lanewise(VectorOperators.LSHL, 16).and(0x80000000)).reinterpretAsFloats();
    }

    /** One half per lane, from little-endian bytes. */
    static FloatVector load(VectorSpecies<Float> species, MemorySegment halves, long at) {
        VectorSpecies<Short> narrow =
                VectorSpecies.of(short.class, VectorShape.forBitSize(species.vectorBitSize() / 2));
        ShortVector bits = ShortVector.fromMemorySegment(narrow, halves, at, ByteOrder.LITTLE_ENDIAN);
        return widen((IntVector) bits.convertShape(VectorOperators.S2I, species.withLanes(int.class), 0));
    }
}
