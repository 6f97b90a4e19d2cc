package ingot.runtime.model;

import ingot.runtime.kernel.Queries;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Buffers of one decoder, shared by all layers because layers run one after the other. They grow to the largest chunk seen
 * and stay, so that nothing is allocated per token.
 */
final class Scratch {
    private static final float[] NONE = {};

    /** What a buffer holds. */
    enum Slot {
        RESIDUAL,
        NORMED,
        BRANCH,
        QKV,
        QUERY,
        KEY,
        VALUE,
        MIXED,
        RECURRED,
        PACKED,
        CONVOLVED,
        DECAY,
        BETA,
        SCORES,
        GATE,
        UP,
        LOGITS,
        ROUTER,
        GATHERED,
        EXPERT
    }

    private final Map<Slot, float[]> buffers = new EnumMap<>(Slot.class);
    private final Routing routing = new Routing();
    private final Projections projections = new Projections();
    private final List<Queries> queries = new ArrayList<>();

    /** What the layers with experts share. */
    Routing routing() {
        return routing;
    }

    /** For linear layers that read the same activations; empty. */
    Projections projections() {
        return projections.clear();
    }

    /** What {@code count} tasks of attention work with. */
    List<Queries> queries(int count) {
        while (queries.size() < count) {
            queries.add(new Queries());
        }
        return queries;
    }

    /** A buffer of at least {@code length} floats; its content is whatever was left there. */
    float[] floats(Slot slot, int length) {
        float[] buffer = buffers.getOrDefault(slot, NONE);
        if (buffer.length < length) {
            // Half as much again: what grows token by token is copied rarely.
            buffer = new float[(int) Math.min(Integer.MAX_VALUE - 8L, Math.max(length, buffer.length * 3L / 2))];
            buffers.put(slot, buffer);
        }
        return buffer;
    }

    /** A buffer of [tokens][width]. */
    float[] rows(Slot slot, int tokens, int width) {
        return floats(slot, Math.multiplyExact(tokens, width));
    }
}
