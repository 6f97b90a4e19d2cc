package ingot.formats.block;

import ingot.formats.IngotException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a weight matrix of {@code rows} outputs × {@code cols} inputs (y = W·x) is stored. Decoding is the definition of
 * the stored numbers: kernels may reorder sums, never the meaning of a weight.
 */
public sealed interface Layout permits Dense, Grouped, Nf4 {
    /**
     * The tensors that store a matrix, in the order that every {@code List<MemorySegment>} of parts has.
     *
     * @throws IngotException.BadData when there can be no such matrix: no row, no column, or too many
     */
    List<Part> parts(long rows, long cols);

    /**
     * Decodes one row to f32.
     *
     * @param parts bytes of every part of the whole matrix, little-endian, no alignment needed
     * @param row 0 ≤ row &lt; rows
     * @param out receives {@code cols} values from {@code at} on
     */
    void decodeRow(long rows, long cols, List<MemorySegment> parts, long row, float[] out, int at);

    /** Short name for tables: {@code f32}, {@code bf16}, {@code int8}, {@code int6}, {@code iq4}, {@code nf4-dq}. */
    String label();

    /** The spelling in a manifest, for example {@code {"type":"int4","group":32}}; {@link #parse} reads it back. */
    ObjectNode toJson();

    /** Bytes of all parts. */
    default long bytes(long rows, long cols) {
        return parts(rows, cols).stream().mapToLong(Part::bytes).reduce(0, Math::addExact);
    }

    /** Bits per weight, scales and padding counted. */
    default double bits(long rows, long cols) {
        return 8.0 * bytes(rows, cols) / ((double) rows * cols);
    }

    /**
     * Reads a layout from a manifest.
     *
     * @param file named in errors
     * @param tensor named in errors
     * @throws IngotException.BadData for anything but a known type with exactly its own fields
     */
    static Layout parse(JsonNode node, Path file, String tensor) {
        try {
            return LayoutJson.read(node);
        } catch (IllegalArgumentException e) {
            throw IngotException.BadData.tensor(file, tensor, "layout: " + e.getMessage());
        }
    }

    /** The label with the size of a group where it can be chosen: {@code int4 g32}, {@code int8 channel}. */
    default String describe() {
        return switch (this) {
            case Dense d -> d.label();
            case Nf4 n -> n.label();
            case Grouped g -> g.label() + Grouping.describe(g.group());
        };
    }
}
