package ingot.formats.json;

/**
 * What a document that becomes a tree may cost. A tree takes up to {@value #TOKEN_HEAP} bytes of heap for each token
 * however few bytes of text that has, and a string up to four times its bytes beside them while it is read; so each kind of
 * document has a bound of both, about twice what the largest published one has. docs/security.md has the heaps measured.
 *
 * @param bytes most bytes of UTF-8
 * @param tokens most names, values, and beginnings and ends of objects and arrays
 */
public record JsonBound(long bytes, long tokens) {
    /** What tests hold a tree to: an object of one field, in a field of an object, takes about that for each of its tokens. */
    public static final int TOKEN_HEAP = 100;

    /**
     * Files like config.json: published ones stay below 30 KB, and below 1 MB with settings for each of 70,000 modules, which
     * are as many strings in one list.
     */
    public static final JsonBound CONFIG = new JsonBound(4 << 20, 1 << 17);

    /** What the user gives: prompts, ids of a text of megabytes, tools; and what Ingot wrote into a folder of the user's. */
    public static final JsonBound INPUT = new JsonBound(256 << 20, 8_000_000);
}
