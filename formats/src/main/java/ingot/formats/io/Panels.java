package ingot.formats.io;

import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Parts of tensors that were brought into another order than the file's, kept for the reads that follow: whoever asks for
 * a matrix row by row where the file has it column by column would else read a few bytes of every line for every row.
 * The latest are kept, {@link #BYTES} and a quarter for each processor, and none of them when the heap is short. Safe for use by several threads; those that
 * want the same panel wait for the one that loads it.
 *
 * @param <K> what a panel is known by, with value equality
 */
public final class Panels<K> {
    /** Bytes that a panel should have: runs of hundreds of bytes in matrices of published sizes. */
    public static final int BYTES = 8 << 20;

    /** As a rule one thread converts for each processor, each another tensor, whose scales and zeros are panels too. */
    private final long budget =
            (BYTES + BYTES / 4L) * Math.max(4, Runtime.getRuntime().availableProcessors());

    private final Map<K, Panel> panels = new LinkedHashMap<>(32, 0.75f, true);
    private long total;

    private static final class Panel {
        private final long size;
        private SoftReference<byte @Nullable []> bytes = new SoftReference<>(null);

        Panel(long size) {
            this.size = size;
        }

        synchronized byte[] get(Supplier<byte[]> load) {
            byte[] kept = bytes.get();
            if (kept == null) {
                kept = load.get();
                bytes = new SoftReference<>(kept);
            }
            return kept;
        }
    }

    /**
     * The panel, loaded if it is not here; not to be written to.
     *
     * @param size in bytes, the same for a key every time
     */
    public byte[] get(K key, long size, Supplier<byte[]> load) {
        return panel(key, size).get(load);
    }

    private synchronized Panel panel(K key, long size) {
        Panel kept = panels.get(key);
        if (kept != null) {
            return kept;
        }
        Panel added = new Panel(size);
        panels.put(key, added);
        total += size;
        for (var oldest = panels.values().iterator(); total > budget && panels.size() > 1; ) {
            total -= oldest.next().size;
            oldest.remove();
        }
        return added;
    }
}
