package ingot.runtime.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Matrices that read the same activations, each with the place of its outputs: what reads them once for all is faster. Filled
 * anew for every call and reused, so that steady work allocates nothing.
 */
public final class Products {
    private final List<Matrix> weights = new ArrayList<>();
    private final List<float[]> outputs = new ArrayList<>();

    /** Forgets what was there. */
    public Products clear() {
        weights.clear();
        outputs.clear();
        return this;
    }

    /**
     * One more.
     *
     * @param y {@code [tokens][w.rows]}, to be overwritten
     */
    public Products add(Matrix w, float[] y) {
        weights.add(w);
        outputs.add(y);
        return this;
    }

    /** How many. */
    public int count() {
        return weights.size();
    }

    public Matrix weight(int i) {
        return weights.get(i);
    }

    public float[] output(int i) {
        return outputs.get(i);
    }
}
