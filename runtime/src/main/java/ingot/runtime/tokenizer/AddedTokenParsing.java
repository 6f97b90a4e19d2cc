package ingot.runtime.tokenizer;

/** What becomes of text that spells an added token such as {@code <|im_end|>}. */
public enum AddedTokenParsing {
    /** It is that token: the default of the Hugging Face tokenizers, right for rendered chat templates. */
    RECOGNIZE,
    /** It is plain text: for user input that must not be able to forge control tokens, and for Qwen v1 chats. */
    PLAIN_TEXT
}
