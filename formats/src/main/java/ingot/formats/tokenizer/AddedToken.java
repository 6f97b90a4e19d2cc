package ingot.formats.tokenizer;

/**
 * A token that is cut out of the text before byte-pair encoding, with the flags of the Hugging Face tokenizers library.
 *
 * @param id row of the embedding, 0 to {@link TokenizerData#MAX_ADDED_ID}
 * @param content the text that stands for it, never empty
 * @param flags how it is found and whether it is a control token
 */
public record AddedToken(int id, String content, Flags flags) {
    /**
     * How an added token is found in text.
     *
     * @param special a control token, left out of decoded text on request
     * @param normalized looked for in the normalized text (and normalized itself) instead of the raw text
     * @param lstrip takes the white space before it along
     * @param rstrip takes the white space behind it along
     * @param singleWord found only where neither neighbour is a word character
     */
    public record Flags(boolean special, boolean normalized, boolean lstrip, boolean rstrip, boolean singleWord) {
        /** A control token found in raw text: what every special token of the Qwen families is. */
        public static final Flags CONTROL = new Flags(true, false, false, false, false);
    }

    /** Short for {@code flags().special()}. */
    public boolean special() {
        return flags.special();
    }
}
