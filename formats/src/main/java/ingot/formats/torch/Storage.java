package ingot.formats.torch;

import ingot.formats.DType;

/**
 * A flat array of elements that tensors are views of.
 *
 * @param key what the pickle calls it
 * @param dtype of its elements; U8 where it is untyped
 * @param numel number of elements
 * @param bytes its length in the file
 */
record Storage(String key, DType dtype, long numel, long bytes) {}
