package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Exponential;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link Exponential} of every lane. */
final class Exp {
    // Constants to the compiler, as those of Exponential are not for it when they come out of a method.
    private static final float C0 = Exponential.coefficient(0);
    private static final float C1 = Exponential.coefficient(1);
    private static final float C2 = Exponential.coefficient(2);
    private static final float C3 = Exponential.coefficient(3);
    private static final float C4 = Exponential.coefficient(4);
    private static final float C5 = Exponential.coefficient(5);

    private Exp() {}

    static FloatVector of(FloatVector x) {
        FloatVector bounded = x.max(Exponential.LOWEST).min(Exponential.HIGHEST);
        FloatVector shifted = bounded.mul(Exponential.LOG2_E).add(Exponential.ROUND);
        FloatVector n = shifted.sub(Exponential.ROUND);
        FloatVector r = n.mul(-Exponential.LN2_HIGH).add(bounded);
        r = n.mul(-Exponential.LN2_LOW).add(r);
        FloatVector p = r.mul(C0).add(C1);
        p = p.mul(r).add(C2);
        p = p.mul(r).add(C3);
        p = p.mul(r).add(C4);
        p = p.mul(r).add(C5);
        p = p.mul(r.mul(r)).add(r).add(1);
        // The upper bits of ROUND leave the register; what remains is n in the place of the exponent.
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector power = exponent.add(0x3F800000).reinterpretAsFloats();
        return p.mul(power).blend(0, x.compare(VectorOperators.LT, Exponential.LOWEST));
    }
}
