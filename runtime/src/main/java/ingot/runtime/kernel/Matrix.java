package ingot.runtime.kernel;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.block.Dense;
import ingot.formats.block.Layout;
import ingot.formats.block.Part;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A stored weight matrix, y = W·x.
 *
 * @param rows outputs
 * @param cols inputs
 * @param parts bytes of {@code layout.parts(rows, cols)}, in that order; heap or native, read only here
 */
public record Matrix(Layout layout, int rows, int cols, List<MemorySegment> parts) {
    /** {@link IngotException.BadData} when a part is missing or has another size than the layout asks for. */
    public Matrix {
        parts = List.copyOf(parts);
        List<Part> expected = layout.parts(rows, cols);
        if (parts.size() != expected.size()) {
            throw new IngotException.BadData(
                    "a matrix of type " + layout.label() + " has " + expected.size() + " parts; found " + parts.size());
        }
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).byteSize() != expected.get(i).bytes()) {
                throw new IngotException.BadData("part '" + expected.get(i).suffix() + "' of a " + rows + " x " + cols
                        + " matrix of type " + layout.label() + " has "
                        + parts.get(i).byteSize() + " bytes; expected "
                        + expected.get(i).bytes());
            }
        }
    }

    /** Row-major floating-point weights. */
    public static Matrix dense(DType type, int rows, int cols, MemorySegment bytes) {
        return new Matrix(new Dense(type), rows, cols, List.of(bytes));
    }

    /** Decodes one row to f32, exactly as the layout defines it. */
    public void decodeRow(int row, float[] out, int at) {
        layout.decodeRow(rows, cols, parts, row, out, at);
    }
}
