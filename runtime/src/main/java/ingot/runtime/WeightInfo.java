package ingot.runtime;

import ingot.formats.Shape;
import java.util.OptionalDouble;

/**
 * One weight as it lies in memory.
 *
 * @param name logical tensor name, as in the checkpoint
 * @param type storage type, e.g. {@code bf16} or {@code int4 g32}
 * @param bytes of codes and scales together
 * @param nmse error of the stored numbers against the source, where the file records it
 */
public record WeightInfo(String name, String type, Shape shape, long bytes, OptionalDouble nmse) {
    /** Bits per weight. */
    public double bits() {
        return shape.count() == 0 ? 0 : 8.0 * bytes / shape.count();
    }
}
