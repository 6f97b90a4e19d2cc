package ingot.runtime.kernel.nativecode;

import ingot.formats.IngotException;
import ingot.formats.block.Grouped;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Checks;
import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Ops;
import java.util.function.IntConsumer;

/**
 * Generated machine code for weights with integer codes, and for one token with plain nf4 ({@link TableMatVecCode});
 * everything else by another backend, whose threads it uses.
 *
 * <p>Bound for integer codes, with ε = 2⁻²⁴: a unit of 32 columns with largest activation m adds at most scale·Σ|q|·m/65278 to the error
 * (activations are rounded to 1/65278 of m), and 2·ε·scale·|Σ q·x| for its conversion and product; the sum over the units
 * adds units·ε·Σ over units of |scale·Σ q·x|.
 */
public final class NativeKernels implements Kernels {
    private final Kernels others;
    private final NativeCode code;
    private final ThreadLocal<OneToken> oneToken;
    private final ThreadLocal<ManyTokens> manyTokens;

    private NativeKernels(Kernels others, NativeCode code) {
        this.others = others;
        this.code = code;
        this.oneToken = ThreadLocal.withInitial(() -> new OneToken(code));
        ThreadLocal<ManyTokens.Buffers> buffers = ThreadLocal.withInitial(ManyTokens.Buffers::new);
        this.manyTokens = ThreadLocal.withInitial(() -> new ManyTokens(code, buffers));
    }

    /**
     * Generates the kernels of an instruction set that {@link NativeSupport#probe} found.
     *
     * @param others what does everything else; closed with this one
     * @throws IngotException.Usage when the system has come to refuse executable memory
     */
    public static NativeKernels generate(Isa isa, Kernels others) {
        try {
            return new NativeKernels(others, new NativeCode(isa));
        } catch (ExecutableMemory.Refused e) {
            throw new IngotException.Usage("no native backend: " + e.getMessage());
        }
    }

    @Override
    public void matmul(Matrix w, float[] x, int tokens, float[] y) {
        Checks.matmul(w, x, tokens, y);
        switch (w.layout()) {
            case Grouped layout when tokens == 1 -> oneToken.get().multiply(others, w, layout, x, y);
            case Grouped layout when tokens > 1 -> manyTokens.get().multiply(others, w, layout, x, tokens, y);
            case Nf4 nf4
            when tokens == 1 && !nf4.doubleQuant() -> oneToken.get().multiplyNf4(others, w, x, y);
            default -> others.matmul(w, x, tokens, y);
        }
    }

    @Override
    public Ops ops() {
        return others.ops();
    }

    @Override
    public AttentionKernel attention() {
        return others.attention();
    }

    @Override
    public Blas blas() {
        return others.blas();
    }

    @Override
    public Feedback feedback() {
        return others.feedback();
    }

    @Override
    public void parallel(int tasks, IntConsumer body) {
        others.parallel(tasks, body);
    }

    @Override
    public String label() {
        return "native-" + code.isa().label();
    }

    @Override
    public int threads() {
        return others.threads();
    }

    /** Ends the threads; the code is freed when nothing can call it any more. */
    @Override
    public void close() {
        others.close();
    }
}
