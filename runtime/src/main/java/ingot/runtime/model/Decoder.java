package ingot.runtime.model;

import ingot.formats.hf.ModelConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The layers of a model with buffers to run them in: embedding, x += mixer(norm(x)), x += mlp(norm(x)) …, final norm, head.
 * It remembers nothing: what sequences have seen is in their {@link SequenceMemory}, and a chunk may have tokens of several.
 * Nothing but some bookkeeping is allocated per token once the buffers have grown to the largest chunk. For one thread at a
 * time.
 */
public final class Decoder {
    /** Where a sequence's tokens are cut into chunks at multiples of it, counted from its first in the call, no bit changes. */
    public static final int CUT = DeltaRule.CHUNK;

    private final Kernels kernels;
    private final DecoderParts parts;
    private final Matrix embedding;
    private final List<DecoderLayer> layers;
    private final RmsNorm finalNorm;
    private final Matrix head;
    private final int hidden;
    private float[] residual = {};

    /** Sees the residual stream of a chunk as it passes. */
    public interface Probe {
        /**
         * @param name {@code embed} or {@code layer.I}
         * @param rows [tokens][hidden]
         */
        void accept(String name, float[] rows, int tokens);
    }

    Decoder(ModelConfig config, DecoderParts parts, Matrix embedding, List<DecoderLayer> layers, Output output) {
        this.kernels = parts.kernels();
        this.parts = parts;
        this.embedding = embedding;
        this.layers = List.copyOf(layers);
        this.finalNorm = output.norm();
        this.head = output.head();
        this.hidden = config.hidden();
    }

    /** What turns the last hidden state into logits. */
    record Output(RmsNorm norm, Matrix head) {}

    /**
     * Runs tokens through the layers, which remember them in their sequences' memories; {@link #norm} and {@link #logits} then
     * read their hidden states.
     *
     * @param ids of the tokens, below the vocabulary size, in the order of the chunk's rows
     * @param probe shown the residual stream, if given
     */
    public void forward(Chunk chunk, int[] ids, @Nullable Probe probe) {
        int count = chunk.tokens();
        parts.rotary().prepare(chunk);
        residual = parts.scratch().rows(Scratch.Slot.RESIDUAL, count, hidden);
        for (int t = 0; t < count; t++) {
            kernels.row(embedding, ids[t], residual, t * hidden);
        }
        if (probe != null) {
            probe.accept("embed", residual, count);
        }
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).forward(chunk, residual);
            if (probe != null) {
                probe.accept("layer." + i, residual, count);
            }
        }
    }

    /** Hidden state of row {@code t} of the chunk after the final norm → {@code out[at … at + hidden)}. */
    public void norm(int t, float[] out, int at) {
        finalNorm.apply(residual, t * hidden, out, at);
    }

    /** Logits of {@code count} rows of the chunk from {@code t} on → out [count][vocab]. */
    public void logits(int t, int count, float[] out) {
        float[] normed = parts.scratch().rows(Scratch.Slot.NORMED, count, hidden);
        for (int i = 0; i < count; i++) {
            norm(t + i, normed, i * hidden);
        }
        kernels.matmul(head, normed, count, out);
    }

    /** Logits of hidden states after the final norm: {@code count} of {@code normed} [rows][hidden] from row {@code t} on. */
    public void logits(float[] normed, int t, int count, float[] out) {
        float[] rows = parts.scratch().rows(Scratch.Slot.NORMED, count, hidden);
        System.arraycopy(normed, t * hidden, rows, 0, count * hidden);
        kernels.matmul(head, rows, count, out);
    }
}
