package ingot.runtime.kernel;

import ingot.formats.IngotException;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.runtime.kernel.nativecode.NativeKernels;
import ingot.runtime.kernel.nativecode.NativeSupport;
import ingot.runtime.kernel.vector.VectorKernels;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * One backend with its threads: matrix products over stored weights, and the vector operations of a block. Safe for use by
 * several threads; calls that find the workers busy run on the calling thread alone, with the same result.
 *
 * <p>Results never depend on the number of threads: work is split by outputs, never inside a sum.
 */
public interface Kernels extends AutoCloseable {
    /**
     * y = W·x for every token. A token's outputs do not depend on the other tokens of the call; the vector backend sums
     * in one order when {@code tokens} is 1 and in another one for 2 and more (any number), the scalar backend always in
     * the same, and so does the native one with integer codes on processors with AVX-512 VNNI.
     *
     * @param x {@code [tokens][w.cols]}, row-major
     * @param y {@code [tokens][w.rows]}, row-major, overwritten
     * @throws IllegalArgumentException when an array is too short
     */
    void matmul(Matrix w, float[] x, int tokens, float[] y);

    /** The same for several matrices on the same activations, each with the bits that {@link #matmul} alone gives it. */
    default void matmul(Products products, float[] x, int tokens) {
        for (int i = 0; i < products.count(); i++) {
            matmul(products.weight(i), x, tokens, products.output(i));
        }
    }

    /** One row of the matrix decoded to f32, exactly as its layout defines: the embedding of a token. */
    default void row(Matrix w, int row, float[] out, int at) {
        w.decodeRow(row, out, at);
    }

    /** The vector operations of this backend. */
    Ops ops();

    /** Attention over a cache of keys and values. */
    AttentionKernel attention();

    /** Products of dense f32 matrices on this backend and its threads. */
    Blas blas();

    /** Rounding with error feedback. */
    Feedback feedback();

    /**
     * Runs {@code body} for 0 … tasks−1, each once, on the workers and the calling thread; returns when all are done.
     * Tasks must write to places of their own. What a task throws is thrown here, after which some tasks may not have run.
     */
    void parallel(int tasks, IntConsumer body);

    /** {@code scalar}, {@code vector-512} …: the name in reports. */
    String label();

    /** Threads that compute, the calling one included. */
    int threads();

    /** Ends the workers; later calls run on the calling thread alone. */
    @Override
    void close();

    /**
     * Starts a backend.
     *
     * @param vectorBits 128, 256 or 512, or 0 for what the machine prefers; the scalar backend ignores it
     * @param threads at least 1, or 0 for one per processor
     * @throws IngotException.Usage for other numbers, or when a backend is asked for and not there
     */
    static Kernels create(Backend backend, int vectorBits, int threads) {
        if (threads < 0) {
            throw new IngotException.Usage(threads + " threads; expected at least 1, or 0 for one per processor");
        }
        boolean known = vectorBits == 0 || vectorBits == 128 || vectorBits == 256 || vectorBits == 512;
        if (backend != Backend.SCALAR && !known) {
            throw new IngotException.Usage(
                    "vectors of " + vectorBits + " bits; expected 128, 256 or 512, or 0 for the preferred width");
        }
        WorkerPool pool = new WorkerPool(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        try {
            return switch (backend) {
                case SCALAR -> new ScalarKernels(pool);
                case VECTOR -> vector(vectorBits, pool);
                case NATIVE -> generated(ActivationBits.TWENTY, vectorBits, pool);
                case NATIVE_INT8 -> generated(ActivationBits.EIGHT, vectorBits, pool);
                case AUTO ->
                    NativeSupport.probe() instanceof NativeSupport.Ready(List<Isa> isas)
                            ? NativeKernels.generate(
                                    isas.getFirst(), ActivationBits.TWENTY, pool, () -> portable(vectorBits, pool))
                            : portable(vectorBits, pool);
                case PORTABLE -> portable(vectorBits, pool);
            };
        } catch (RuntimeException | Error e) {
            pool.close();
            throw e;
        }
    }

    /**
     * Why {@link Backend#AUTO} does without generated code although it might have it: where calls of machine code are not
     * allowed, the processor cannot be asked.
     */
    static Optional<String> obstacle() {
        return NativeSupport.probe() instanceof NativeSupport.Forbidden(String why)
                ? Optional.of(NativeSupport.refusal(why))
                : Optional.empty();
    }

    /** What {@link Backend#PORTABLE} stands for in this JVM. */
    static Backend portable() {
        return VectorModule.available() ? Backend.VECTOR : Backend.SCALAR;
    }

    private static Kernels generated(ActivationBits bits, int vectorBits, WorkerPool pool) {
        return switch (NativeSupport.probe()) {
            case NativeSupport.Ready(List<Isa> isas) ->
                NativeKernels.generate(isas.getFirst(), bits, pool, () -> portable(vectorBits, pool));
            case NativeSupport.Missing(String why) -> throw new IngotException.Usage(NativeSupport.refusal(why));
            case NativeSupport.Forbidden(String why) -> throw new IngotException.Usage(NativeSupport.refusal(why));
        };
    }

    private static Kernels portable(int vectorBits, WorkerPool pool) {
        return VectorModule.available() ? vector(vectorBits, pool) : new ScalarKernels(pool);
    }

    private static Kernels vector(int vectorBits, WorkerPool pool) {
        if (!VectorModule.available()) {
            throw new IngotException.Usage(
                    "the vector backend needs the module jdk.incubator.vector; add --add-modules jdk.incubator.vector");
        }
        return new VectorKernels(vectorBits, pool);
    }
}
