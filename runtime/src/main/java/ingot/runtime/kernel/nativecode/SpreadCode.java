package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;

import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;

/**
 * {@code void spread(const float *sums, float *y, void *, long yAt, long tokens, long stride, long n)}: y[yAt + t·stride + i] =
 * sums[32·t + i] for every token t and every i below n, of 1 to 32: the sums of {@link GemmCode} to where the rows of the
 * product are, for one token at least. Nothing else of y is written. Calls last microseconds: a step has at most 512 tokens.
 */
final class SpreadCode {
    private static final Gpr SUMS = BlockCall.P0;
    private static final Gpr Y = BlockCall.P1;
    private static final Gpr TOKENS = BlockCall.I1;
    private static final Gpr STRIDE = BlockCall.I2;
    private static final Gpr N = BlockCall.P2;

    private SpreadCode() {}

    private static Zmm sums(int block) {
        return new Zmm(block);
    }

    private static Mask rows(int block) {
        return new Mask(1 + block);
    }

    private static Address at(Gpr place, int block) {
        return new Address(place, block * Lanes.BYTES);
    }

    static void emit(Assembler a) {
        BlockCall.toFloat(a, Y, BlockCall.I0);
        a.shl(STRIDE, 2);
        a.mov(N, BlockCall.I3);
        a.mov(Gpr.RAX, -1);
        a.bzhi32(Gpr.RAX, Gpr.RAX, N);
        for (int block = 0; block < GemmCode.ROW_BLOCKS; block++) {
            a.maskFromRax(rows(block));
            a.shr(Gpr.RAX, Lanes.COUNT);
        }
        Label token = new Label();
        a.bind(token);
        for (int block = 0; block < GemmCode.ROW_BLOCKS; block++) {
            a.op(VMOVUPS, sums(block), at(SUMS, block));
            a.store(VMOVUPS_STORE, at(Y, block), rows(block), sums(block));
        }
        a.add(SUMS, GemmCode.ROWS * Float.BYTES);
        a.add(Y, STRIDE);
        a.dec(TOKENS);
        a.jnz(token);
        BlockCall.end(a);
    }
}
