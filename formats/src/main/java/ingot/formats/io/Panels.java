package ingot.formats.io;

import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Parts of tensors that were brought into another order than the file's, kept for the reads that follow: whoever asks for
 * a matrix row by row where the file has it column by column would else read a few bytes of every line for every row.
 * The latest {@link #MOST} are kept, and none of them when the heap is short. Safe for use by several threads; those that
 * want the same panel wait for the one that loads it.
 *
 * @param <K> what a panel is known by, with value equality
 */
public final class Panels<K> {
    /** Bytes that a panel should have: runs of hundreds of bytes in matrices of published sizes. */
    public static final int BYTES = 8 << 20;

    /** One for each thread that converts, as a rule. */
    private static final int MOST = 8;

    private final Map<K, Panel> panels = new LinkedHashMap<>(2 * MOST, 0.75f, true);

    private static final class Panel {
        private SoftReference<byte @Nullable []> bytes = new SoftReference<>(null);

        synchronized byte[] get(Supplier<byte[]> load) {
            byte[] kept = bytes.get();
            if (kept == null) {
                kept = load.get();
                bytes = new SoftReference<>(kept);
            }
            return kept;
        }
    }

    /** The panel, loaded if it is not here; not to be written to. */
    public byte[] get(K key, Supplier<byte[]> load) {
        return panel(key).get(load);
    }

    private synchronized Panel panel(K key) {
        Panel panel = panels.computeIfAbsent(key, k -> new Panel());
        if (panels.size() > MOST) {
            panels.remove(panels.keySet().iterator().next());
        }
        return panel;
    }
}
