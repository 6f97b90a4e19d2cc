package ingot.runtime.tokenizer;

/**
 * Part of an array of valid UTF-8.
 *
 * @param bytes shared, not to be changed
 * @param from first byte
 * @param to behind the last byte
 */
@SuppressWarnings("ArrayRecordComponent") // A view: nobody compares two of them.
record Utf8Slice(byte[] bytes, int from, int to) {}
