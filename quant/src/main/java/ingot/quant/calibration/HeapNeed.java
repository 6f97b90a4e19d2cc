package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * What work needs of the heap, by an estimate from shapes: for a refusal before it begins, and for what is said where the heap
 * did not suffice for it.
 *
 * @param work what needs it, as the subject of a sentence
 * @param bytes held at a time
 * @param where the matrix that takes them, or empty
 * @param less how to do with less, or empty
 */
public record HeapNeed(String work, long bytes, String where, String less) {
    private static final long MEBI = 1 << 20;
    private static final long GIBI = 1 << 30;

    /** Classes, names and shapes, configuration, a tokenizer. */
    private static final long BASE = 48 * MEBI;

    /** Buffers of a thread that rounds blocks of rows. */
    private static final long PER_THREAD = 20 * MEBI;

    /** Of a conversion that streams: the same for every model. */
    public static HeapNeed ofStreaming(Path source, int threads) {
        return new HeapNeed(
                Text.path(source) + ": converting it",
                BASE + Math.multiplyExact(PER_THREAD, threads),
                "",
                "use fewer --threads");
    }

    /**
     * Refuses to begin what does not fit.
     *
     * @param heap the most bytes that the heap may have
     * @throws IngotException.OutOfResources that says how much is needed, and what to do
     */
    public void require(long heap) {
        if (bytes > heap) {
            throw missing(heap, enough());
        }
    }

    /**
     * Does {@code task}; where the heap does not suffice for it, the error says how much does.
     *
     * @throws IngotException.OutOfResources when memory runs out
     */
    public <T> T within(Supplier<T> task) {
        try {
            return task.get();
        } catch (OutOfMemoryError e) {
            long heap = Runtime.getRuntime().maxMemory();
            // What was estimated is not enough where it was there.
            throw missing(heap, Math.max(enough(), 2 * heap));
        }
    }

    /** A collector with generations keeps a third of the heap for what is young. */
    private long enough() {
        return Math.ceilDiv(3 * bytes, 2);
    }

    private IngotException.OutOfResources missing(long heap, long enough) {
        String option = enough > 4 * GIBI ? Math.ceilDiv(enough, GIBI) + "g" : Math.ceilDiv(enough, MEBI) + "m";
        return new IngotException.OutOfResources(work + " needs about " + show(bytes) + " of heap"
                + (where.isEmpty() ? "" : " for " + where) + ", and the heap may have " + show(heap)
                + "; allow more with INGOT_OPTS=-Xmx" + option + (less.isEmpty() ? "" : ", or " + less));
    }

    static String show(long bytes) {
        return bytes < GIBI
                ? Math.ceilDiv(bytes, MEBI) + " MiB"
                : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) GIBI);
    }
}
