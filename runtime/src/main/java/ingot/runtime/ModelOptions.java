package ingot.runtime;

import ingot.formats.IngotException;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kv.KvType;

/**
 * How a model is run. Results do not depend on {@code threads}; between backends and vector widths they differ by
 * rounding.
 *
 * @param backend which kernels
 * @param vectorBits vector width: 128, 256 or 512; 0 for the one the machine prefers
 * @param threads that compute, the caller's included; 0 for one per processor
 * @param maxPositions most tokens one session may hold (bounds the memory of its KV cache); 0 for four times the
 *     model's max_position_embeddings, at least 4096
 * @param kvCache how sessions store keys and values, unless asked for another way
 * @param loading where the weights are kept
 */
public record ModelOptions(
        Backend backend, int vectorBits, int threads, int maxPositions, KvType kvCache, Loading loading) {
    /** Where the weights of an .ingot file are while it runs; those of other formats are always copied. */
    public enum Loading {
        /** In the file, mapped: nothing is read before it is used, and processes share it. */
        MAPPED,
        /** In memory of the process: a file that is truncated meanwhile cannot hurt it. */
        COPIED
    }

    public ModelOptions {
        if (vectorBits != 0 && vectorBits != 128 && vectorBits != 256 && vectorBits != 512) {
            throw new IngotException.Usage("vector width " + vectorBits + ": expected 0, 128, 256 or 512 bits");
        }
        if (threads < 0 || threads > 1024) {
            throw new IngotException.Usage("threads " + threads + ": expected 0 (one per processor) to 1024");
        }
        if (maxPositions < 0) {
            throw new IngotException.Usage("position limit " + maxPositions + ": expected 0 (automatic) or more");
        }
    }

    public static ModelOptions defaults() {
        return new ModelOptions(Backend.AUTO, 0, 0, 0, KvType.F32, Loading.MAPPED);
    }

    public ModelOptions withBackend(Backend value) {
        return new ModelOptions(value, vectorBits, threads, maxPositions, kvCache, loading);
    }

    public ModelOptions withVectorBits(int value) {
        return new ModelOptions(backend, value, threads, maxPositions, kvCache, loading);
    }

    public ModelOptions withThreads(int value) {
        return new ModelOptions(backend, vectorBits, value, maxPositions, kvCache, loading);
    }

    public ModelOptions withMaxPositions(int value) {
        return new ModelOptions(backend, vectorBits, threads, value, kvCache, loading);
    }

    public ModelOptions withKvCache(KvType value) {
        return new ModelOptions(backend, vectorBits, threads, maxPositions, value, loading);
    }

    public ModelOptions withLoading(Loading value) {
        return new ModelOptions(backend, vectorBits, threads, maxPositions, kvCache, value);
    }
}
