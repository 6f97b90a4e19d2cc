package ingot.runtime;

import ingot.formats.IngotException;
import ingot.runtime.Generation.StopReason;
import ingot.runtime.sample.Sampler;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.PrimitiveIterator;
import java.util.Set;

/**
 * Continues a prompt token by token. One generator belongs to one session; a following prompt goes on where the last
 * one ended (the KV cache is kept). The last token of a text was handed out but not yet computed; the next prompt
 * computes it first.
 */
public final class Generator {
    private static final int NONE = -1;

    private final Session session;
    private final GenerationOptions options;
    private final Sampler sampler;
    private int pending = NONE;

    public Generator(Session session, GenerationOptions options) {
        this.session = session;
        this.options = options;
        this.sampler = new Sampler(options.sampling());
    }

    /** Feeds {@code prompt} and hands out each generated token as soon as it is chosen. */
    public Generation generate(int[] prompt, TokenConsumer consumer) {
        Tokens tokens = iterate(prompt);
        List<Integer> made = new ArrayList<>();
        while (tokens.hasNext()) {
            int token = tokens.nextInt();
            made.add(token);
            if (!consumer.accept(token)) {
                return new Generation(made, StopReason.CONSUMER);
            }
        }
        return new Generation(made, tokens.reason());
    }

    /**
     * The same as an iterator: {@code nextInt()} computes one token. The prompt is computed at once.
     *
     * @param prompt at least one token, unless an earlier text left its last token to compute
     * @throws IngotException.Usage when the prompt is empty, has a token outside the vocabulary or does not fit the session
     */
    public Tokens iterate(int[] prompt) {
        return new Tokens(compute(prompt));
    }

    private float[] compute(int[] prompt) {
        int[] tokens = prompt;
        if (pending != NONE) {
            tokens = new int[prompt.length + 1];
            tokens[0] = pending;
            System.arraycopy(prompt, 0, tokens, 1, prompt.length);
        }
        float[] logits = session.forward(tokens);
        pending = NONE;
        for (int token : prompt) {
            sampler.accept(token);
        }
        return logits;
    }

    /** Generated tokens, computed as they are asked for. */
    public final class Tokens implements PrimitiveIterator.OfInt {
        private final Set<Integer> stopIds = options.stopIds();
        private float[] logits;
        private int count;
        private boolean stopped;

        private Tokens(float[] logits) {
            this.logits = logits;
        }

        @Override
        public boolean hasNext() {
            return !stopped && count < options.maxTokens() && !(pending != NONE && full());
        }

        @Override
        public int nextInt() {
            if (!hasNext()) {
                throw new NoSuchElementException("generation has ended: " + reason());
            }
            if (pending != NONE) {
                logits = session.forward(pending);
                pending = NONE;
            }
            int token = sampler.sample(logits);
            sampler.accept(token);
            pending = token;
            count++;
            stopped = stopIds.contains(token);
            return token;
        }

        /** Why there are no more tokens; meaningless while there are. */
        public StopReason reason() {
            if (stopped) {
                return StopReason.STOP_TOKEN;
            }
            return count >= options.maxTokens() ? StopReason.MAX_TOKENS : StopReason.CONTEXT_FULL;
        }

        private boolean full() {
            return session.position() >= session.capacity();
        }
    }
}
