package ingot.runtime.kernel.attention;

import java.lang.foreign.MemorySegment;

/** The loops of attention that depend on the width of vectors; ranges are whole panels of 32. */
public interface AttentionTile {
    /** Floats of the widest vector; sums have as many parts at every width, so that they are the same. */
    int LANES = 16;

    /**
     * c += a·b for {@code rows} rows of a and c, from their cursors on, and one panel of b: {@code k} rows of 32 columns from
     * {@code b.at() + bAt} on. Each number of c is one chain of fused multiply-adds in the order of k, whatever the other
     * rows are; rows that fill the last tile may be written too.
     */
    void add(FloatRows a, int rows, PageReader b, int bAt, int k, FloatRows c);

    /**
     * w = exp(w − top) of {@code w[at … stop)} in place, top the largest of them, which is returned. Their sum leaves as {@value
     * #LANES} sums, of every sixteenth number each: added up in here, a method of vectors exceeds what is compiled without
     * boxes.
     */
    float weigh(float[] w, int at, int stop, float[] sums);

    /** out[i] = halves[at + i] for i &lt; n, a multiple of 32; {@code segment} is of the same array. */
    void widen(short[] halves, MemorySegment segment, int at, float[] out, int n);

    /** out[at + i] = codes[from + i] · scales[scaleAt + i % 32] for i &lt; n. */
    void scaleColumns(PageCodes codes, int scaleAt, float[] out, int at, int n);

    /** out[at + i] = codes[from + i] · scales[scaleAt + i / 32] for i &lt; n. */
    void scaleRows(PageCodes codes, int scaleAt, float[] out, int at, int n);
}
