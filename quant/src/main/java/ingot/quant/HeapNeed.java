package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What a conversion needs of the heap, for the message when it is not there. */
final class HeapNeed {
    /** Classes, names and shapes, configuration, a tokenizer. */
    private static final long BASE = 48L << 20;

    /** Buffers of a thread that rounds blocks of rows. */
    private static final long PER_THREAD = 20L << 20;

    private HeapNeed() {}

    /**
     * An estimate, from above for the models that are published.
     *
     * @param calibrated whether sums over the inputs are kept: two squares of the columns and one product of both sides in
     *     f32, beside the matrix, what it was and what becomes of it; and the matrices of a layer
     */
    static long bytes(ModelGraph graph, int threads, boolean calibrated) {
        long need = Math.addExact(BASE, Math.multiplyExact(PER_THREAD, threads));
        if (!calibrated) {
            return need;
        }
        long sums = 0;
        long layer = 0;
        Map<String, Long> layers = new HashMap<>();
        for (WeightSpec w : graph.weights()) {
            if (w.role() == WeightSpec.Role.LINEAR) {
                long square = (long) w.cols() * w.cols();
                long matrix = w.shape().count();
                sums = Math.max(sums, 2 * square + (long) w.rows() * w.cols() + 3 * matrix);
                layer = Math.max(layer, layers.merge(layerOf(w.name()), matrix, Long::sum));
            }
        }
        return Math.addExact(need, Math.multiplyExact(Float.BYTES, Math.addExact(sums, layer)));
    }

    /** {@code model.layers.3} of a name in it. */
    private static String layerOf(String name) {
        int number = name.indexOf("layers.") + "layers.".length();
        int end = name.indexOf('.', number);
        return end < 0 ? name : name.substring(0, end);
    }

    /**
     * Does {@code work}; where the heap does not suffice for it, the error says how much does.
     *
     * @param need bytes, asked for only then
     * @throws IngotException.OutOfResources when memory runs out
     */
    static <T> T within(Path source, Supplier<Long> need, Supplier<T> work) {
        try {
            return work.get();
        } catch (OutOfMemoryError e) {
            long has = Runtime.getRuntime().maxMemory();
            // What was estimated is not enough where it was there.
            long mega = Math.ceilDiv(Math.max(need.get(), 2 * has), 1 << 20);
            throw new IngotException.OutOfResources(Text.path(source) + ": converting it needs about " + mega
                    + " MiB of heap and Java may take " + (has >> 20) + "; allow more: INGOT_OPTS=-Xmx" + mega
                    + "m, or use fewer --threads");
        }
    }
}
