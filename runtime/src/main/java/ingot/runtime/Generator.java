package ingot.runtime;

import java.util.PrimitiveIterator;

/**
 * Continues a prompt token by token. One generator belongs to one session; a following prompt goes on where the last
 * one ended (the KV cache is kept).
 */
public final class Generator {
    private final Session session;
    private final GenerationOptions options;

    public Generator(Session session, GenerationOptions options) {
        this.session = session;
        this.options = options;
    }

    /** Feeds {@code prompt} (at least one token) and hands out each generated token as soon as it is chosen. */
    public Generation generate(int[] prompt, TokenConsumer consumer) {
        throw new UnsupportedOperationException("not yet: " + session + options);
    }

    /** The same as an iterator: each {@code next()} computes one token. */
    public PrimitiveIterator.OfInt iterate(int[] prompt) {
        throw new UnsupportedOperationException("not yet");
    }
}
