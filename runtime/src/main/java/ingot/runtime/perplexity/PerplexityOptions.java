package ingot.runtime.perplexity;

import ingot.formats.IngotException;

/**
 * How text is cut and scored: windows of {@code context} tokens one after the other, an incomplete last one left out;
 * in each, the tokens after the first half are scored, so that every scored token has at least half a window before it.
 *
 * @param context tokens per window, at least 4
 * @param chunks most windows to score; 0 for all
 */
public record PerplexityOptions(int context, int chunks) {
    public PerplexityOptions {
        if (context < 4 || context > 1 << 20) {
            throw new IngotException.Usage("context of " + context + " tokens: expected 4 to " + (1 << 20));
        }
        if (chunks < 0) {
            throw new IngotException.Usage(chunks + " chunks: expected 1 or more, or 0 for all");
        }
    }

    /** Position in a window from which on the logits are used: they predict the token after it. */
    public int first() {
        return context / 2;
    }

    /** Tokens scored per window. */
    public int scored() {
        return context - 1 - first();
    }

    /** Windows in a text of {@code tokens}. */
    public int windows(int tokens) {
        int all = tokens / context;
        return chunks == 0 ? all : Math.min(chunks, all);
    }
}
