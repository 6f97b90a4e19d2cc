package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VCVTPS2DQ;
import static ingot.runtime.kernel.nativecode.VectorOp.VDIVPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VEXTRACTI32X4;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VMULPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VPADDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPANDD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD_GPR;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMAXUD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMOVDB;
import static ingot.runtime.kernel.nativecode.VectorOp.VPMULLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPORD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSHUFD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSLLD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSRAD;
import static ingot.runtime.kernel.nativecode.VectorOp.VPUNPCKLDQ;
import static ingot.runtime.kernel.nativecode.VectorOp.VPUNPCKLQDQ;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void quantize(const float *x, void *records, void *, long units, long stride)}: rounds activations to the integers
 * of {@link UnitRecord}s, {@code stride} bytes apart.
 *
 * <p>The maximum is taken of the bits as integers, which order floats of one sign and put infinity and NaN on top: then d
 * is not finite and neither is any output, whatever the integers are.
 */
final class QuantizeCode {
    private static final Gpr X = Gpr.RDI;
    private static final Gpr RECORDS = Gpr.RSI;
    private static final Gpr UNITS = Gpr.RCX;
    private static final Gpr STRIDE = Gpr.R8;

    private static final Zmm MAGNITUDE = new Zmm(31);
    private static final Zmm TINY = new Zmm(30);
    private static final Zmm LARGEST = new Zmm(29);
    private static final Zmm RECIPROCAL = new Zmm(28);
    private static final Zmm MINUS_BIAS = new Zmm(27);
    private static final Zmm LOW_WORD = new Zmm(26);
    private static final Zmm HALF = new Zmm(25);

    /** A selection of 32-bit elements: halves of 128 bits swapped. */
    private static final int SWAP_HALVES = 0x4E;

    private final Assembler a;
    private final Zmm[] x = {new Zmm(0), new Zmm(1)};
    private final Zmm max = new Zmm(2);
    private final Zmm t = new Zmm(3);
    private final Zmm d = new Zmm(4);
    private final Zmm sum = new Zmm(5);

    private QuantizeCode(Assembler a) {
        this.a = a;
    }

    static void emit(Assembler a, UnitRecord form, ActivationBits bits) {
        new QuantizeCode(a).emit(form, bits.largest());
    }

    private void emit(UnitRecord form, float largest) {
        constant(MAGNITUDE, 0x7FFF_FFFF);
        constant(TINY, UnitRecord.TINY_BITS);
        constant(LARGEST, Float.floatToRawIntBits(largest));
        constant(RECIPROCAL, Float.floatToRawIntBits(1 / largest));
        constant(LOW_WORD, 0xFFFF);
        constant(HALF, form == UnitRecord.BYTES ? 0x80 : 0x8000);
        constant(MINUS_BIAS, -UnitRecord.BIAS);
        Label unit = new Label();
        a.align(16);
        a.bind(unit);
        integers();
        switch (form) {
            case BYTES -> bytes();
            case WORDS -> words();
        }
        a.op(VPUNPCKLDQ, d, d, sum);
        a.store(VEXTRACTI32X4, new Address(RECORDS, UnitRecord.SCALE), d, 0);
        a.add(X, UnitRecord.COLUMNS * Float.BYTES);
        a.add(RECORDS, STRIDE);
        a.dec(UNITS);
        a.jnz(unit);
        a.vzeroupper();
        a.ret();
    }

    private void constant(Zmm out, int bits) {
        a.mov(Gpr.RAX, bits);
        a.broadcast(VPBROADCASTD_GPR, out, Gpr.RAX);
    }

    /** The integers to x, d, and −128·Σ a to sum. */
    private void integers() {
        for (int i = 0; i < 2; i++) {
            a.op(VMOVUPS, x[i], new Address(X, 64 * i));
        }
        a.op(VPANDD, max, x[0], MAGNITUDE);
        a.op(VPANDD, t, x[1], MAGNITUDE);
        a.op(VPMAXUD, max, max, t);
        a.op(VPMAXUD, max, max, TINY);
        Lanes.reduce(a, VPMAXUD, max, t);
        a.op(VMULPS, d, max, RECIPROCAL);
        a.op(VDIVPS, max, LARGEST, max);
        for (Zmm half : x) {
            a.op(VMULPS, half, half, max);
            a.op(VCVTPS2DQ, half, half);
        }
        a.op(VPADDD, sum, x[0], x[1]);
        Lanes.reduce(a, VPADDD, sum, t);
        a.op(VPMULLD, sum, sum, MINUS_BIAS);
    }

    /** The low byte as it is, −128 … 127, is l; (a + 128) >> 8 is what is left: 256·((a + 128) >> 8) + l = a. Then m, then h. */
    private void bytes() {
        for (int i = 0; i < 2; i++) {
            for (int plane = UnitRecord.PLANES - 1; plane >= 0; plane--) {
                a.store(VPMOVDB, new Address(RECORDS, UnitRecord.BYTES.bytesAt(plane, 4 * i)), x[i]);
                if (plane > 0) {
                    a.op(VPADDD, x[i], x[i], HALF);
                    a.op(VPSRAD, x[i], x[i], 8);
                }
            }
        }
    }

    /** The low word as it is, −32768 … 32767, is w; (a + 32768) >> 16 is h. */
    private void words() {
        for (int i = 0; i < 2; i++) {
            a.op(VPADDD, t, x[i], HALF);
            a.op(VPSRAD, t, t, 16);
            a.store(VPMOVDB, new Address(RECORDS, UnitRecord.WORDS.bytesAt(0, 4 * i)), t);
            a.op(VPSHUFD, t, x[i], SWAP_HALVES);
            a.op(VPSLLD, t, t, 16);
            a.op(VPANDD, x[i], x[i], LOW_WORD);
            a.op(VPORD, x[i], x[i], t);
        }
        a.op(VPUNPCKLQDQ, x[0], x[0], x[1]);
        a.store(VMOVUPS_STORE, new Address(RECORDS, 0), x[0]);
    }
}
