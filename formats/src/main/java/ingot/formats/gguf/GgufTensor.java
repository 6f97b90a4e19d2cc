package ingot.formats.gguf;

import ingot.formats.Shape;
import java.nio.file.Path;

/**
 * A tensor as a GGUF file stores it.
 *
 * @param name llama.cpp's name, for example {@code blk.0.attn_q.weight}
 * @param shape outermost dimension first (the file lists the innermost first)
 * @param offset of the first byte from the start of {@code file}
 * @param bytes length of the data
 */
public record GgufTensor(String name, GgmlType type, Shape shape, Path file, long offset, long bytes) {}
