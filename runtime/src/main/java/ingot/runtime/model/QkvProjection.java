package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;

/** How queries, keys and values come out of the hidden state. */
sealed interface QkvProjection {
    /** x [tokens][hidden] → q [tokens][queryDim], k and v [tokens][kvDim]. */
    void apply(Kernels kernels, Scratch scratch, float[] x, int tokens, Heads out);

    /** Where they go. */
    record Heads(float[] query, float[] key, float[] value) {}

    /** One matrix each. */
    record Separate(Linear query, Linear key, Linear value) implements QkvProjection {
        @Override
        public void apply(Kernels kernels, Scratch scratch, float[] x, int tokens, Heads out) {
            scratch.projections()
                    .add(query, out.query())
                    .add(key, out.key())
                    .add(value, out.value())
                    .apply(kernels, x, tokens);
        }
    }

    /** One matrix whose rows are q, k and v, one third each. */
    record Fused(Linear all) implements QkvProjection {
        @Override
        public void apply(Kernels kernels, Scratch scratch, float[] x, int tokens, Heads out) {
            float[] fused = scratch.rows(Scratch.Slot.QKV, tokens, all.rows());
            all.apply(kernels, x, tokens, fused);
            int width = all.rows() / 3;
            for (int t = 0; t < tokens; t++) {
                int at = t * all.rows();
                System.arraycopy(fused, at, out.query(), t * width, width);
                System.arraycopy(fused, at + width, out.key(), t * width, width);
                System.arraycopy(fused, at + 2 * width, out.value(), t * width, width);
            }
        }
    }
}
