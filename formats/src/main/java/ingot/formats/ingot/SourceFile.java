package ingot.formats.ingot;

/**
 * A file a model was made from.
 *
 * @param name last name of its path: where it lay does not matter, and must not change the output
 * @param sha256 lower-case hex, 64 characters
 */
public record SourceFile(String name, long bytes, String sha256) {
    /** Stands in for a hash not known yet; of the same length. */
    public static final String UNKNOWN = "0".repeat(64);
}
