package ingot.runtime.kernel.vector;

/** The loops of attention that depend on the width of vectors; ranges are whole panels of 32. */
interface AttentionTile {
    /** Floats of the widest vector; sums have as many parts at every width, so that they are the same. */
    int LANES = 16;

    /**
     * c += a·b for {@code rows} rows of a and c, from their cursors on, and one panel of b: {@code k} rows of 32 columns from
     * {@code b.at() + bAt} on. Each number of c is one chain of fused multiply-adds in the order of k, whatever the other
     * rows are; rows that fill the last tile may be written too.
     */
    void add(FloatRows a, int rows, PageReader b, int bAt, int k, FloatRows c);

    /** The largest of {@code w[at … stop)}. */
    float top(float[] w, int at, int stop);

    /**
     * w = exp(w − top) in place. Their sum leaves as {@value #LANES} sums, of every sixteenth number each: added up in here,
     * the method exceeds what is compiled without boxes.
     */
    void exponentials(float[] w, int at, int stop, float top, float[] sums);

    /** out[at + i] = codes[from + i] · scales[scaleAt + i % 32] for i &lt; n. */
    void scaleColumns(PageCodes codes, int scaleAt, float[] out, int at, int n);

    /** out[at + i] = codes[from + i] · scales[scaleAt + i / 32] for i &lt; n. */
    void scaleRows(PageCodes codes, int scaleAt, float[] out, int at, int n);
}
