package ingot.formats.ingot;

import ingot.formats.safetensors.SafetensorsFile;

/** Names and numbers fixed by docs/format.md. */
public final class IngotFormat {
    /** Value of {@code __metadata__.format}. */
    public static final String FORMAT = "ingot";

    /** Version written; readers refuse a newer major one. */
    public static final String VERSION = "1.0";

    static final int MAJOR = 1;

    static final String KEY_FORMAT = "format";
    static final String KEY_VERSION = "ingot.version";
    static final String KEY_MANIFEST = SafetensorsFile.LONG_KEY;

    /** U8 [entries, 36]: CRC32C (u32 LE) and SHA-256 of the header and of every other tensor in file order. */
    public static final String CHECKSUMS = "ingot.checksums";

    /** Bytes of one entry of {@link #CHECKSUMS}: 4 of CRC32C, 32 of SHA-256. */
    public static final int CHECKSUM_BYTES = 36;

    /** U8 [n]: the tokenizer, as laid out by {@code ingot.formats.tokenizer}. */
    public static final String TOKENIZER = "ingot.tokenizer";

    /** Tensors of an embedded golden file carry this before their own name. */
    public static final String GOLDEN_PREFIX = "golden.";

    /** Every tensor begins on a multiple of this many bytes: a cache line, and the widest vector. */
    public static final int ALIGNMENT = 64;

    private IngotFormat() {}
}
