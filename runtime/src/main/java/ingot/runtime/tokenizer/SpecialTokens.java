package ingot.runtime.tokenizer;

/** Whether decoded text shows the special tokens. */
public enum SpecialTokens {
    /** Their text appears, as {@code <|im_end|>}. */
    KEEP,
    /** They decode to nothing; added tokens that are not special still appear. */
    SKIP
}
