package ingot.runtime.kernel;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stored weight matrix, y = W·x. */
public final class Matrix {
    private final Layout layout;
    private final int rows;
    private final int cols;
    private final List<MemorySegment> parts;

    /** Kept, because kernels ask for every product. */
    private final @Nullable Blocks blocks;

    /**
     * @param rows outputs
     * @param cols inputs
     * @param parts bytes of {@code layout.parts(rows, cols)}, in that order; heap or native, read only here
     * @throws IngotException.BadData when a part is missing or has another size than the layout asks for
     */
    public Matrix(Layout layout, int rows, int cols, List<MemorySegment> parts) {
        this.layout = layout;
        this.rows = rows;
        this.cols = cols;
        this.parts = List.copyOf(parts);
        this.blocks = switch (layout) {
            case Dense d -> null;
            case Grouped g -> g.blocks(rows, cols);
            case Nf4 n -> Blocks.of(rows, cols, Nf4.GROUP);
        };
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

    public Layout layout() {
        return layout;
    }

    /** Outputs. */
    public int rows() {
        return rows;
    }

    /** Inputs. */
    public int cols() {
        return cols;
    }

    /** Bytes of the layout's parts, in their order. */
    public List<MemorySegment> parts() {
        return parts;
    }

    /** Where codes and scales lie; {@link IllegalStateException} for dense weights. */
    public Blocks blocks() {
        if (blocks == null) {
            throw new IllegalStateException("dense weights lie in no blocks");
        }
        return blocks;
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
