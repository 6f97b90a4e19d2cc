package ingot.quant.grid;

import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.Nf4;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.scheme.Nf4Rtn;
import ingot.runtime.verify.ErrorSum;

/**
 * A matrix rounded to NF4 as bitsandbytes does: blocks of 64 weights counted through all rows. The scales are found in a
 * first pass, the codes when rows are read; scales quantized themselves do not change the codes.
 */
public final class RoundedNormals {
    private static final int RUN = 1 << 20;

    private final MatrixSource source;
    private final float[] absmax;
    private final float[] effective;
    private final ErrorSum error = new ErrorSum();

    /** @param nested whether readers get scales that were quantized themselves */
    public RoundedNormals(MatrixSource source, boolean nested) {
        this.source = source;
        this.absmax = absmax(source);
        this.effective = nested ? Nf4Rtn.dequantize(DoubleQuantized.of(absmax)) : absmax;
    }

    private static float[] absmax(MatrixSource source) {
        int cols = source.cols();
        long n = Math.multiplyExact(source.rows(), (long) cols);
        float[] out = new float[Math.toIntExact((n + Nf4.GROUP - 1) / Nf4.GROUP)];
        int step = (int) Math.min(Math.max(1, RUN / cols), source.rows());
        float[] w = new float[Math.multiplyExact(step, cols)];
        for (long row = 0; row < source.rows(); row += step) {
            int rows = (int) Math.min(step, source.rows() - row);
            source.read(row, rows, w);
            for (int i = 0; i < rows * cols; i++) {
                int block = (int) ((row * cols + i) / Nf4.GROUP);
                out[block] = Math.max(out[block], Math.abs(w[i]));
            }
        }
        return out;
    }

    /** The exact scales of all blocks; the array itself. */
    public float[] absmax() {
        return absmax;
    }

    /** Reads the indices of {@code n} rows. */
    public void read(long first, int n, byte[] codes) {
        int cols = source.cols();
        float[] values = Nf4.values();
        float[] w = new float[Math.multiplyExact(n, cols)];
        float[] stored = new float[w.length];
        source.read(first, n, w);
        for (int i = 0; i < w.length; i++) {
            int block = (int) ((first * cols + i) / Nf4.GROUP);
            codes[i] = (byte) Nf4Rtn.nearest(w[i] * (1 / absmax[block]));
            stored[i] = values[codes[i]] * effective[block];
        }
        error.add(stored, w);
    }

    /** mean((stored − source)²) ÷ mean((source − mean)²) of the rows read. */
    public double nmse() {
        return error.nmse();
    }
}
