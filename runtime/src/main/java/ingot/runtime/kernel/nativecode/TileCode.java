package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VFMADD231PS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VPBROADCASTD;

import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.nativecode.IntegerAssembler.Condition;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;

/**
 * {@code void tile(const float *a, const float *b, float *c, long aAtStride, long bAtK, long cAtStride, long rows)}: c += a·b
 * for rows of a and c, {@code stride} floats apart, and one panel of b, k rows of 32 columns; the integers are pairs. Every
 * number of c is one chain of fused multiply-adds in the order of k. Four rows at a time; three are computed as four.
 */
final class TileCode {
    private static final int PANEL_BYTES = KvPage.PANEL * Float.BYTES;

    /** Rows of b of a round of the loop. */
    private static final int UNROLLED = 4;

    private static final Gpr A = BlockCall.P0;
    private static final Gpr B = BlockCall.P1;
    private static final Gpr C = BlockCall.P2;
    private static final Gpr A_STRIDE = BlockCall.I0;
    private static final Gpr K = BlockCall.I1;
    private static final Gpr C_STRIDE = BlockCall.I2;
    private static final Gpr ROWS = Gpr.R10;
    private static final List<Gpr> ROW = List.of(Gpr.R11, Gpr.RAX, Gpr.RBX, Gpr.R12);

    /** Runs over b; before and after that over c. */
    private static final Gpr PLACE = Gpr.R13;

    private static final Gpr LEFT = Gpr.R14;
    private static final List<Gpr> SAVED = List.of(Gpr.RBX, Gpr.R12, Gpr.R13, Gpr.R14);

    private final Assembler a;
    private final Zmm b0 = new Zmm(16);
    private final Zmm b1 = new Zmm(17);
    private final Zmm factor = new Zmm(18);

    private TileCode(Assembler a) {
        this.a = a;
    }

    static void emit(Assembler a) {
        new TileCode(a).emit();
    }

    private static Zmm sum(int row, int half) {
        return new Zmm(2 * row + half);
    }

    private void emit() {
        Label tile = new Label();
        Label few = new Label();
        Label one = new Label();
        Label end = new Label();
        a.mov(ROWS, BlockCall.I3);
        SAVED.forEach(a::push);
        BlockCall.toFloatOfPair(a, A, A_STRIDE);
        BlockCall.toFloatOfPair(a, B, K);
        BlockCall.toFloatOfPair(a, C, C_STRIDE);
        a.shl(A_STRIDE, 2);
        a.shl(C_STRIDE, 2);
        a.bind(tile);
        a.sub(ROWS, 3);
        a.jump(Condition.BELOW, few);
        rows(4);
        for (int row = 0; row < 4; row++) {
            a.add(A, A_STRIDE);
            a.add(C, C_STRIDE);
        }
        a.sub(ROWS, 1);
        a.jump(Condition.BELOW, end);
        a.jump(Condition.NOT_ZERO, tile);
        a.bind(end);
        end();
        a.bind(few);
        a.add(ROWS, 3);
        a.jump(Condition.ZERO, end);
        a.dec(ROWS);
        a.jump(Condition.ZERO, one);
        rows(2);
        end();
        a.bind(one);
        rows(1);
        end();
    }

    private void end() {
        SAVED.reversed().forEach(a::pop);
        BlockCall.end(a);
    }

    private void rows(int rows) {
        overC(rows, (place, sum) -> a.op(VMOVUPS, sum, place));
        for (int row = 0; row < rows; row++) {
            a.mov(ROW.get(row), row == 0 ? A : ROW.get(row - 1));
            if (row > 0) {
                a.add(ROW.get(row), A_STRIDE);
            }
        }
        a.mov(PLACE, B);
        a.mov(LEFT, K);
        Label loop = new Label();
        Label rest = new Label();
        Label single = new Label();
        Label done = new Label();
        a.sub(LEFT, UNROLLED);
        a.jump(Condition.BELOW, rest);
        a.align(Lanes.COUNT);
        a.bind(loop);
        steps(rows, UNROLLED);
        a.sub(LEFT, UNROLLED);
        a.jump(Condition.NOT_BELOW, loop);
        a.bind(rest);
        a.add(LEFT, UNROLLED);
        a.jump(Condition.ZERO, done);
        a.bind(single);
        steps(rows, 1);
        a.dec(LEFT);
        a.jnz(single);
        a.bind(done);
        overC(rows, (place, sum) -> a.store(VMOVUPS_STORE, place, sum));
    }

    private interface Move {
        void emit(Address place, Zmm sum);
    }

    private void overC(int rows, Move move) {
        a.mov(PLACE, C);
        for (int row = 0; row < rows; row++) {
            if (row > 0) {
                a.add(PLACE, C_STRIDE);
            }
            move.emit(new Address(PLACE, 0), sum(row, 0));
            move.emit(new Address(PLACE, Lanes.BYTES), sum(row, 1));
        }
    }

    private void steps(int rows, int count) {
        for (int step = 0; step < count; step++) {
            a.op(VMOVUPS, b0, new Address(PLACE, step * PANEL_BYTES));
            a.op(VMOVUPS, b1, new Address(PLACE, step * PANEL_BYTES + Lanes.BYTES));
            for (int row = 0; row < rows; row++) {
                a.op(VPBROADCASTD, factor, new Address(ROW.get(row), step * Float.BYTES));
                a.op(VFMADD231PS, sum(row, 0), b0, factor);
                a.op(VFMADD231PS, sum(row, 1), b1, factor);
            }
        }
        a.add(PLACE, count * PANEL_BYTES);
        for (int row = 0; row < rows; row++) {
            a.add(ROW.get(row), count * Float.BYTES);
        }
    }
}
