package ingot.formats;

import java.nio.file.Path;

/**
 * A tensor as a file declares it: a name, a type, a shape and a slice of bytes, row-major and contiguous.
 *
 * @param file the file that holds the bytes
 * @param offset of the first byte from the start of {@code file}
 * @param bytes length of the data; equals shape × bits ÷ 8
 */
public record TensorInfo(String name, DType dtype, Shape shape, Path file, long offset, long bytes) {}
