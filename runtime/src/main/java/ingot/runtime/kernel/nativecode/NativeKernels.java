package ingot.runtime.kernel.nativecode;

import ingot.formats.IngotException;
import ingot.formats.block.Grouped;
import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Checks;
import ingot.runtime.kernel.Feedback;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kernel.Products;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.attention.BlockedAttention;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * Generated machine code for weights with integer codes (several tokens: where {@link NativeCode#manyTokens}), and for one
 * token with plain nf4 ({@link TableMatVecCode}) or dense weights ({@link DenseMatVecCode}), where they lie in native memory, as those of a model do; everything else by
 * another backend, whose threads it uses.
 *
 * <p>Bound for integer codes, to first order in ε = 2⁻²⁴ and with outputs that are normal floats. Let w = scale·q, and m the
 * largest |x| of a unit of 32 columns, at least 2⁻¹⁰⁰. Every unit adds to the error of an output
 *
 * <ul>
 *   <li>Σ|w|·m ÷ 2L: activations are rounded to steps of m ÷ L, L = {@link ActivationBits#largest}, 524287 or 127;
 *   <li>4·ε·Σ|w·x|: the step, its inverse and the products with them are rounded too (two roundings before the integer, two
 *       in d);
 *   <li>2·ε·|Σ w·x|: the integer's conversion to f32 and its product with d;
 *   <li>units·ε·|Σ w·x|: the sum over the units.
 * </ul>
 */
public final class NativeKernels implements Kernels {
    private final WorkerPool pool;
    private final Others others;
    private final NativeCode code;
    private final Optional<Around> around;
    private final ThreadLocal<FewTokens> fewTokens;
    private final ThreadLocal<ManyTokens.Buffers> buffers;
    private final ThreadLocal<ManyTokens> manyTokens;
    private final ThreadLocal<Products> single = ThreadLocal.withInitial(Products::new);

    /** The operations around the products. */
    private record Around(Ops ops, AttentionKernel attention) {
        static Around of(BlockCode code) {
            ArraySegments arrays = new ArraySegments();
            return new Around(new NativeOps(code, arrays), new BlockedAttention(new NativeTile(code, arrays)));
        }
    }

    private NativeKernels(WorkerPool pool, Supplier<Kernels> others, NativeCode code) {
        this.pool = pool;
        this.others = new Others(others);
        this.code = code;
        this.around = code.block().map(Around::of);
        this.fewTokens = ThreadLocal.withInitial(() -> new FewTokens(code));
        this.buffers = ThreadLocal.withInitial(ManyTokens.Buffers::new);
        this.manyTokens = ThreadLocal.withInitial(() -> new ManyTokens(code, buffers));
    }

    /**
     * Generates the kernels of an instruction set that {@link NativeSupport#probe} found.
     *
     * @param pool the threads; closed with this
     * @param others what does everything else with the same threads; asked for when there is something
     * @throws IngotException.Usage when the system has come to refuse executable memory
     */
    public static NativeKernels generate(Isa isa, ActivationBits bits, WorkerPool pool, Supplier<Kernels> others) {
        try {
            NativeCode code = new NativeCode(isa, bits);
            if (bits == ActivationBits.EIGHT && !code.manyTokens()) {
                throw new IngotException.Usage(
                        "no native-int8 backend: it is for processors with AVX-512 VNNI, whose prompts"
                                + " it makes faster; use native");
            }
            return new NativeKernels(pool, others, code);
        } catch (ExecutableMemory.Refused e) {
            throw new IngotException.Usage(NativeSupport.refusal(String.valueOf(e.getMessage())));
        }
    }

    @Override
    public void matmul(Matrix w, float[] x, int tokens, float[] y) {
        Checks.matmul(w, x, tokens, y);
        if (generated(w, tokens)) {
            Products alone = single.get().add(w, y);
            try {
                multiply(alone, x, tokens);
            } finally {
                alone.clear();
            }
        } else {
            others.get().matmul(w, x, tokens, y);
        }
    }

    @Override
    public void matmul(Products products, float[] x, int tokens) {
        boolean together = true;
        for (int i = 0; i < products.count(); i++) {
            Matrix w = products.weight(i);
            Checks.matmul(w, x, tokens, products.output(i));
            together &= generated(w, tokens) && w.cols() == products.weight(0).cols();
        }
        if (together && products.count() > 0) {
            multiply(products, x, tokens);
        } else {
            Kernels.super.matmul(products, x, tokens);
        }
    }

    private void multiply(Products products, float[] x, int tokens) {
        if (few(tokens)) {
            fewTokens.get().multiply(this, products, x, tokens);
        } else {
            manyTokens.get().multiply(this, products, x, tokens);
        }
    }

    /**
     * Whether so many tokens are faster one by one on codes in the cache than in tiles of {@link GemmCode}, for which codes are
     * expanded first. Measured: a token costs a quarter of a tile, expanding four ninths of one (docs/decisions/0088). One byte
     * per activation makes tiles, not single tokens, cheaper.
     */
    private boolean few(int tokens) {
        return switch (code.bits()) {
            case TWENTY -> tokens < 4 * Math.ceilDiv(tokens, GemmCode.TOKENS) + 2;
            case EIGHT -> tokens < 4;
        };
    }

    /** Whether there is code for it, and it can read the weights: codes, the first part, and scales, the last. */
    private boolean generated(Matrix w, int tokens) {
        boolean kernel = tokens == 1
                ? code.oneToken(w.layout())
                : tokens > 1 && code.manyTokens() && w.layout() instanceof Grouped;
        return kernel && w.parts().getFirst().isNative() && w.parts().getLast().isNative();
    }

    @Override
    public Ops ops() {
        return around.isPresent() ? around.get().ops() : others.get().ops();
    }

    @Override
    public AttentionKernel attention() {
        return around.isPresent() ? around.get().attention() : others.get().attention();
    }

    @Override
    public Blas blas() {
        return others.get().blas();
    }

    @Override
    public Feedback feedback() {
        return others.get().feedback();
    }

    @Override
    public void parallel(int tasks, IntConsumer body) {
        pool.run(tasks, body);
    }

    @Override
    public String label() {
        String suffix = switch (code.bits()) {
            case TWENTY -> "";
            case EIGHT -> "-int8";
        };
        return "native-" + code.isa().label() + suffix;
    }

    @Override
    public int threads() {
        return pool.threads();
    }

    /**
     * Ends the threads and lets go of the calling thread's buffers; those of other threads go with the threads. The code is
     * freed when nothing can call it any more.
     */
    @Override
    public void close() {
        pool.close();
        fewTokens.remove();
        manyTokens.remove();
        buffers.remove();
        single.remove();
    }
}
