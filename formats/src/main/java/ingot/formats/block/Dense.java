package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * Row-major floating point: one part with exactly the shape of the matrix, so that any safetensors reader sees the
 * tensor itself.
 *
 * @param type F32, F16 or BF16
 */
public record Dense(DType type) implements Layout {
    public Dense {
        if (type != DType.F32 && type != DType.F16 && type != DType.BF16) {
            throw new IllegalArgumentException("dense weights of type " + type.label() + "; expected F32, F16 or BF16");
        }
    }

    @Override
    public List<Part> parts(long rows, long cols) {
        try {
            Part part = new Part("", type, new Shape(rows, cols));
            part.bytes();
            return List.of(part);
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw new IngotException.BadData("a matrix of " + rows + " x " + cols + " is impossible", e);
        }
    }

    @Override
    public void decodeRow(long rows, long cols, List<MemorySegment> parts, long row, float[] out, int at) {
        int n = Math.toIntExact(cols);
        long from = Math.multiplyExact(Math.multiplyExact(row, cols), type.bytes());
        Numbers.toF32(type, parts.getFirst(), from, out, at, n);
    }

    @Override
    public String label() {
        return type.label().toLowerCase(Locale.ROOT);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode node = Json.object();
        node.put(LayoutJson.TYPE, label());
        return node;
    }
}
