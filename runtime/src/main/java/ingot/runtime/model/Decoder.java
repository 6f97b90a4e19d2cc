package ingot.runtime.model;

import ingot.formats.hf.ModelConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decoder with the memory of one session: embedding, layers x += mixer(norm(x)), x += mlp(norm(x)), final norm, head.
 * Nothing is allocated per token once the buffers have grown to the largest chunk. For one thread at a time.
 */
public final class Decoder {
    private final Kernels kernels;
    private final SessionParts parts;
    private final Matrix embedding;
    private final List<DecoderLayer> layers;
    private final RmsNorm finalNorm;
    private final Matrix head;
    private final int hidden;
    private final Chunk chunk = new Chunk();
    private float[] residual = {};

    /** Sees the residual stream of a chunk as it passes. */
    public interface Probe {
        /**
         * @param name {@code embed} or {@code layer.I}
         * @param rows [tokens][hidden]
         */
        void accept(String name, float[] rows, int tokens);
    }

    Decoder(ModelConfig config, SessionParts parts, Matrix embedding, List<DecoderLayer> layers, Output output) {
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
     * Which positions are computed.
     *
     * @param position of the first token in the session
     * @param count of tokens
     * @param length of the session when the whole call is done, later chunks included (dynamic NTK depends on it)
     */
    public record Span(int position, int count, int length) {}

    /**
     * Runs tokens through the layers and remembers them; {@link #norm} and {@link #logits} then read their hidden states.
     *
     * @param tokens ids below the vocabulary size
     * @param from first of them to run
     * @param probe shown the residual stream, if given
     */
    public void forward(int[] tokens, int from, Span span, @Nullable Probe probe) {
        int count = span.count();
        chunk.set(span.position(), count);
        parts.rotary().prepare(span.position(), count, span.length());
        residual = parts.scratch().rows(Scratch.Slot.RESIDUAL, count, hidden);
        for (int t = 0; t < count; t++) {
            kernels.row(embedding, tokens[from + t], residual, t * hidden);
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

    /** Hidden state of token {@code t} of the chunk after the final norm → {@code out[at … at + hidden)}. */
    public void norm(int t, float[] out, int at) {
        finalNorm.apply(residual, t * hidden, out, at);
    }

    /** Logits of {@code count} tokens of the chunk from {@code t} on → out [count][vocab]. */
    public void logits(int t, int count, float[] out) {
        float[] normed = parts.scratch().rows(Scratch.Slot.NORMED, count, hidden);
        for (int i = 0; i < count; i++) {
            finalNorm.apply(residual, (t + i) * hidden, normed, i * hidden);
        }
        kernels.matmul(head, normed, count, out);
    }

    /** Bytes of memory that remembering {@code positions} takes in all. */
    public long bytes(int positions) {
        long bytes = 0;
        for (int i = 0; i < layers.size(); i++) {
            bytes += layers.get(i).mixing().mixer().state().bytes(positions);
        }
        return bytes;
    }

    /** A call begins: its first position stays one to {@link #rewind} to. */
    public void mark() {
        for (DecoderLayer layer : layers) {
            layer.mixing().mixer().state().mark();
        }
    }

    /**
     * Forgets the positions from {@code length} on, and more where a layer cannot stop there (a recurrent state has
     * overwritten its past).
     *
     * @return positions remembered now, at most {@code length}
     */
    public int rewind(int length) {
        int kept = length;
        for (DecoderLayer layer : layers) {
            kept = Math.min(kept, layer.mixing().mixer().state().restorable(kept));
        }
        for (DecoderLayer layer : layers) {
            layer.mixing().mixer().state().truncate(kept);
        }
        return kept;
    }
}
