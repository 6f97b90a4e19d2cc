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

    /**
     * How far a pass through the layers of a model is.
     *
     * @param phase what the pass is for, a word or two ("calibration"); a new one starts a new bar
     */
    default void layer(String phase, Layers at) {
        step(phase + ", " + at.label(), at.layer(), at.layers() + 1L, Unit.STEPS);
    }

    /**
     * A place in a pass.
     *
     * @param layer from 0; {@code layers} stands for what follows the last one: the output head
     * @param layers of the model
     * @param share of the layer that is done, 0 to 1
     */
    record Layers(int layer, int layers, double share) {
        /** {@code layer 2/28}, or {@code output head}. */
        public String label() {
            return layer < layers ? "layer " + (layer + 1) + "/" + layers : "output head";
        }

        /** The end of the pass. */
        public static Layers done(int layers) {
            return new Layers(layers, layers, 1);
        }
    }

    /** A sentence about the work, for people: what was found, or thrown away. */
    default void note(String sentence) {}

    /** Listens to nothing. */
    static Progress none() {
        return (phase, done, total, unit) -> {};
    }
}
