package ingot.formats;

/**
 * Where long work tells how far it is. Engines call it and never print; the command line draws a bar, an embedder may
 * ignore it. Calls come from one thread at a time, in order, and must return quickly.
 */
@FunctionalInterface
public interface Progress {
    /** What {@code done} and {@code total} count. */
    enum Unit {
        BYTES,
        TOKENS,
        TENSORS,
        STEPS
    }

    /**
     * @param phase what is being done, a few words ("quantizing", "prompt 2"); a new phase starts a new bar
     * @param done so far, 0 ≤ done ≤ total
     * @param total of this phase; 0 when unknown
     */
    void step(String phase, long done, long total, Unit unit);

    /** Listens to nothing. */
    static Progress none() {
        return (phase, done, total, unit) -> {};
    }
}
