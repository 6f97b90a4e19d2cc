package ingot.runtime.kernel;

/**
 * Keys or values of one head in a page of the cache: the vector of the page's position i is
 * {@code data[at + i*stride … at + i*stride + dim)}. Make it once per page and head, not per token.
 */
@SuppressWarnings("ArrayRecordComponent") // a view, never compared
public record KvRows(float[] data, int at, int stride, int dim) {}
