package ingot.formats.json;

/**
 * What a document that becomes a tree may cost. A tree takes up to a hundred bytes of heap for each token
 * however few bytes of text that has, and a string several times its bytes beside them while it is read; so each kind of
 * document has a bound of both, at least twice what the largest published one has. docs/security.md has the heaps measured.
 *
 * @param bytes most bytes of UTF-8
 * @param tokens most names, values, and beginnings and ends of objects and arrays
 * @param string most bytes of one string
 */
public record JsonBound(long bytes, long tokens, long string) {
    /** Any of whose strings may be as long as the document. */
    public JsonBound(long bytes, long tokens) {
        this(bytes, tokens, bytes);
    }

    /**
     * Files like config.json: most published ones stay below 30 KB; a quantized one may name each of its modules, of which a
     * model with 60 times 512 experts has 92,160, in 60 bytes each, or give seven tokens of settings to each of 36,000.
     */
    public static final JsonBound CONFIG = new JsonBound(8 << 20, 1 << 19);

    /** What the user gives: prompts, ids of a text of megabytes, tools; and what Ingot wrote into a folder of the user's. */
    public static final JsonBound INPUT = new JsonBound(256 << 20, 8_000_000);
}
