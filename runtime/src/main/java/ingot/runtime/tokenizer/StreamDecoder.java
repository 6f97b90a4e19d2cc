package ingot.runtime.tokenizer;

import java.util.Arrays;

/**
 * Decodes tokens one at a time into text that is complete: bytes of a character whose rest may still come are held
 * back. The texts one after the other, with {@link #flush} at the end, are what {@link Tokenizer#decode} gives for all
 * the tokens. For one stream and one thread.
 */
public final class StreamDecoder {
    private final Tokenizer tokenizer;
    private final SpecialTokens specialTokens;
    /** At most three bytes: the beginning of a character. */
    private byte[] pending = new byte[0];

    StreamDecoder(Tokenizer tokenizer, SpecialTokens specialTokens) {
        this.tokenizer = tokenizer;
        this.specialTokens = specialTokens;
    }

    /** The text that becomes complete with this token, often empty within a character. */
    public String push(int id) {
        byte[] token = tokenizer.tokenBytes(id, specialTokens);
        byte[] all = Arrays.copyOf(pending, pending.length + token.length);
        System.arraycopy(token, 0, all, pending.length, token.length);
        int complete = all.length - Utf8.incompleteTail(all, all.length);
        pending = Arrays.copyOfRange(all, complete, all.length);
        return Utf8.decode(all, complete);
    }

    /** Ends the stream: U+FFFD if a character was left incomplete, else nothing. Another stream may follow. */
    public String flush() {
        String rest = Utf8.decode(pending, pending.length);
        pending = new byte[0];
        return rest;
    }
}
