package ingot.formats.tokenizer;

/** What is done to the text first. The code is the one of {@link TokenizerCodec}; codes are never reused. */
public enum Normalization {
    /** Nothing. */
    NONE(0),
    /** Unicode normalization form C, as every Qwen tokenizer does. */
    NFC(1);

    private final int code;

    Normalization(int code) {
        this.code = code;
    }

    /** The number that stands for it in {@link TokenizerCodec}. */
    public int code() {
        return code;
    }
}
