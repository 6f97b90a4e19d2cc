package ingot.formats.ingot;

import ingot.formats.Shape;
import ingot.formats.block.Layout;
import java.util.List;

/**
 * A weight of the model as the file keeps it: one logical tensor in one or more physical ones.
 *
 * @param name the name in the original checkpoint
 * @param shape the shape in the original checkpoint
 * @param layout how the parts' bytes mean numbers
 * @param parts names of the physical tensors, in the order of {@link Layout#parts}
 * @param nmse mean((stored − source)²) ÷ mean((source − mean)²), to five digits; 0 when exact
 */
public record StoredTensor(String name, Shape shape, Layout layout, List<String> parts, double nmse) {
    public StoredTensor {
        parts = List.copyOf(parts);
    }

    /** A tensor about to be written, its error not known yet. */
    public static StoredTensor of(String name, Shape shape, Layout layout) {
        List<String> parts = layout.parts(shape.rows(), shape.cols()).stream()
                .map(part -> part.suffix().isEmpty() ? name : name + "." + part.suffix())
                .toList();
        return new StoredTensor(name, shape, layout, parts, 0);
    }

    public StoredTensor withNmse(double value) {
        return new StoredTensor(name, shape, layout, parts, value);
    }
}
