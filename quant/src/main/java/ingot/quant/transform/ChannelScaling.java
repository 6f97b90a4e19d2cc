package ingot.quant.transform;

import ingot.quant.scheme.MatrixSource;

/**
 * T = diag(1 ÷ divisors): writers are divided, readers multiplied.
 *
 * @param divisors of the channels
 */
@SuppressWarnings("ArrayRecordComponent") // a table, never compared
public record ChannelScaling(double[] divisors) implements Transform {
    /** A channel that is its own divisor becomes 1 even where that is 0: its readers are multiplied by 0 then. */
    @Override
    public void write(double[] x) {
        for (int i = 0; i < x.length; i++) {
            x[i] = x[i] == divisors[i] ? 1 : x[i] / divisors[i];
        }
    }

    @Override
    public void read(double[] w) {
        for (int i = 0; i < w.length; i++) {
            w[i] *= divisors[i];
        }
    }

    @Override
    public MatrixSource rows(MatrixSource matrix) {
        return new Rows(matrix, divisors);
    }

    @Override
    public ChannelScaling copied(int[] of) {
        double[] copy = new double[of.length];
        for (int i = 0; i < of.length; i++) {
            copy[i] = of[i] < 0 ? 1 : divisors[of[i]];
        }
        return new ChannelScaling(copy);
    }

    @SuppressWarnings("ArrayRecordComponent") // a view
    private record Rows(MatrixSource matrix, double[] divisors) implements Derived {
        @Override
        public void read(long first, int n, float[] out) {
            matrix.read(first, n, out);
            for (int r = 0; r < n; r++) {
                double divisor = divisors[Math.toIntExact(first + r)];
                for (int i = r * cols(); i < (r + 1) * cols(); i++) {
                    out[i] = (float) (out[i] / divisor);
                }
            }
        }
    }
}
