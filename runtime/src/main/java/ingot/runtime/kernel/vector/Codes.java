package ingot.runtime.kernel.vector;

/**
 * Eight-bit codes of a head and the scales of their page.
 *
 * @param at where the head's codes begin
 */
@SuppressWarnings("ArrayRecordComponent") // a view, never compared
record Codes(byte[] data, int at, float[] scales) {}
