package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code void accumulate(const float *weights, const float *values, float *out, long weightsAtCount, long valuesAtStride, long
 * outAt, long dim)}: out += Σ weightsᵢ·valueᵢ for i &lt; count, in the order of i, a fused multiply-add each; the first two
 * integers are pairs.
 */
final class RowsCode {
    private static final Gpr WEIGHTS = BlockCall.P0;
    private static final Gpr VALUES = BlockCall.P1;
    private static final Gpr OUT = BlockCall.P2;
    private static final Gpr COUNT = BlockCall.I0;
    private static final Gpr STRIDE = BlockCall.I1;
    private static final Gpr DIM = Gpr.R10;
    private static final Gpr WEIGHT = Gpr.R11;
    private static final Gpr VALUE = Gpr.RBX;
    private static final Gpr LEFT = Gpr.R12;
    private static final Zmm SUM = new Zmm(0);
    private static final Zmm FACTOR = new Zmm(1);
    private static final Zmm ROW = new Zmm(2);

    private RowsCode() {}

    static void emit(Assembler a) {
        a.mov(DIM, BlockCall.I3);
        a.push(VALUE);
        a.push(LEFT);
        BlockCall.toFloatOfPair(a, WEIGHTS, COUNT);
        BlockCall.toFloatOfPair(a, VALUES, STRIDE);
        a.shl(STRIDE, 2);
        BlockCall.toFloat(a, OUT, BlockCall.I2);
        Lanes.forEach(a, DIM, List.of(VALUES, OUT), lanes -> {
            Label loop = new Label();
            a.mov(WEIGHT, WEIGHTS);
            a.mov(VALUE, VALUES);
            a.mov(LEFT, COUNT);
            lanes.load(a, SUM, new Address(OUT, 0));
            a.bind(loop);
            a.op(VPBROADCASTD, FACTOR, new Address(WEIGHT, 0));
            lanes.load(a, ROW, new Address(VALUE, 0));
            a.op(VFMADD231PS, SUM, ROW, FACTOR);
            a.add(WEIGHT, Float.BYTES);
            a.add(VALUE, STRIDE);
            a.dec(LEFT);
            a.jnz(loop);
            lanes.store(a, new Address(OUT, 0), SUM);
        });
        a.pop(LEFT);
        a.pop(VALUE);
        BlockCall.end(a);
    }
}
