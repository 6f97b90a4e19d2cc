package ingot.runtime.kernel;

/**
 * Rounds a run of weights that share a scale and an offset, each with the errors of those after it fed back (LDLQ; Chee et al. 2023), for
 * many scales at a time.
 */
public interface Feedback {
    /** Scales, with an offset each, that are tried at a time. */
    int SCALES = 16;

    /**
     * What is tried: a level stands for level·scale + offset.
     *
     * @param scales {@link #SCALES} of them; 0 stores the offset alone
     * @param offsets alike; 0 where the grid has none
     */
    @SuppressWarnings("ArrayRecordComponent") // buffers, never compared
    record Trials(float[] scales, float[] offsets) {
        /** Room for all, with offsets of 0. */
        public static Trials room() {
            return new Trials(new float[SCALES], new float[SCALES]);
        }
    }

    /** Numbers from {@code at} on. */
    @SuppressWarnings("ArrayRecordComponent") // a view for one call
    record Slice(float[] data, int at) {
        /** Number {@code i}. */
        public float get(int i) {
            return data[at + i];
        }
    }

    /**
     * Columns of one row.
     *
     * @param weights as they are
     * @param target with the feedback of the columns after the run
     * @param m row k says how much of column k's error column i &lt; k takes
     * @param d what a column's square error costs
     * @param n columns
     */
    record Run(Slice weights, Slice target, Blas.Tile m, Slice d, int n) {}

    /**
     * For every trial Σ dₖ·(tₖ − value)², where column k = n−1 … 0 is rounded as tₖ = targetₖ + Σ_{j&gt;k} eⱼ·mⱼₖ, value =
     * level·scale + offset and e = weight − value. Every operation is rounded to f32, in the order of the columns: the same on
     * every backend.
     *
     * @param errors receives the sums
     */
    void errors(Levels levels, Run run, Trials trials, float[] errors);

    /** 1 ÷ scale, 0 where that is infinite. */
    static float inverse(float scale) {
        float inverse = 1 / scale;
        return Float.isInfinite(inverse) ? 0 : inverse;
    }
}
