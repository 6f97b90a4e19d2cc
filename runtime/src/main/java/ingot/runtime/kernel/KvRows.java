package ingot.runtime.kernel;

/**
 * Vectors that lie in rows, such as the state of a gated DeltaNet head: the i-th is
 * {@code data[at + i*stride … at + i*stride + dim)}.
 */
@SuppressWarnings("ArrayRecordComponent") // a view, never compared
public record KvRows(float[] data, int at, int stride, int dim) {}
