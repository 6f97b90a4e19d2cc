package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS;
import static ingot.runtime.kernel.nativecode.VectorOp.VMOVUPS_STORE;
import static ingot.runtime.kernel.nativecode.VectorOp.VPSHUFD;
import static ingot.runtime.kernel.nativecode.VectorOp.VSHUFI32X4;

import ingot.runtime.kernel.nativecode.IntegerAssembler.Condition;
import ingot.runtime.kernel.nativecode.Operand.Address;
import ingot.runtime.kernel.nativecode.Operand.Zmm;
import java.util.List;
import java.util.function.Consumer;

/** Loops over floats, sixteen lanes at a time, the last ones under a mask: nothing behind them is read or written. AVX-512. */
enum Lanes {
    ALL,
    /** Those that {@link #MASK} has. */
    REST;

    static final int COUNT = 16;
    static final int BYTES = COUNT * Float.BYTES;
    static final Mask MASK = new Mask(1);

    /** Selections of 32-bit elements, or of 128-bit lanes: halves, or neighbours, swapped. */
    private static final int SWAP_HALVES = 0x4E;

    private static final int SWAP_NEIGHBOURS = 0xB1;

    /** Lanes that are not there become 0. */
    void load(Assembler a, Zmm dst, Address from) {
        switch (this) {
            case ALL -> a.op(VMOVUPS, dst, from);
            case REST -> a.zeroing(VMOVUPS, dst, MASK, from);
        }
    }

    /** Lanes that are not there stay as they are. */
    void replace(Assembler a, Zmm dst, Operand from) {
        switch (this) {
            case ALL -> a.op(VMOVUPS, dst, from);
            case REST -> a.merging(VMOVUPS, dst, MASK, from);
        }
    }

    void store(Assembler a, Address to, Zmm src) {
        switch (this) {
            case ALL -> a.store(VMOVUPS_STORE, to, src);
            case REST -> a.store(VMOVUPS_STORE, to, MASK, src);
        }
    }

    /** Lanes that are not there become 0. */
    void clearOthers(Assembler a, Zmm v) {
        switch (this) {
            case ALL -> {}
            case REST -> a.zeroing(VMOVUPS, v, MASK, v);
        }
    }

    /**
     * {@code n} floats: the body is there once for whole vectors, after which the places move on, and once for what is left.
     * Overwrites n and rax.
     */
    static void forEach(Assembler a, Gpr n, List<Gpr> places, Consumer<Lanes> body) {
        Label loop = new Label();
        Label rest = new Label();
        Label end = new Label();
        a.sub(n, COUNT);
        a.jump(Condition.BELOW, rest);
        a.align(COUNT);
        a.bind(loop);
        body.accept(ALL);
        for (Gpr place : places) {
            a.add(place, BYTES);
        }
        a.sub(n, COUNT);
        a.jump(Condition.NOT_BELOW, loop);
        a.bind(rest);
        a.add(n, COUNT);
        a.jump(Condition.ZERO, end);
        a.mov(Gpr.RAX, -1);
        a.bzhi32(Gpr.RAX, Gpr.RAX, n);
        a.maskFromRax(MASK);
        body.accept(REST);
        a.bind(end);
    }

    /** Every lane of v = all lanes together, halves first, in the order of the vector backend's sums; overwrites t. */
    static void reduce(Assembler a, VectorOp op, Zmm v, Zmm t) {
        for (int selection : new int[] {SWAP_HALVES, SWAP_NEIGHBOURS}) {
            a.op(VSHUFI32X4, t, v, v, selection);
            a.op(op, v, v, t);
        }
        for (int selection : new int[] {SWAP_HALVES, SWAP_NEIGHBOURS}) {
            a.op(VPSHUFD, t, v, selection);
            a.op(op, v, v, t);
        }
    }
}
