package ingot.quant.transform;

import ingot.quant.scheme.MatrixSource;

/**
 * Another order of channels.
 *
 * @param from the old number of every channel
 */
@SuppressWarnings("ArrayRecordComponent") // a table, never compared
public record Permutation(int[] from) implements Transform {
    @Override
    public void write(double[] x) {
        double[] old = x.clone();
        for (int i = 0; i < x.length; i++) {
            x[i] = old[from[i]];
        }
    }

    @Override
    public void read(double[] w) {
        write(w);
    }

    @Override
    public MatrixSource rows(MatrixSource matrix) {
        return new Rows(matrix, from);
    }

    @Override
    public Permutation copied(int[] of) {
        int[] copy = new int[of.length];
        for (int i = 0; i < of.length; i++) {
            // i − of[i] is where the copy begins.
            copy[i] = of[i] < 0 ? i : from[of[i]] + i - of[i];
        }
        return new Permutation(copy);
    }

    @SuppressWarnings("ArrayRecordComponent") // a view
    private record Rows(MatrixSource matrix, int[] from) implements Derived {
        @Override
        public void read(long first, int n, float[] out) {
            float[] row = new float[cols()];
            for (int r = 0; r < n; r++) {
                matrix.read(from[Math.toIntExact(first + r)], 1, row);
                System.arraycopy(row, 0, out, r * row.length, row.length);
            }
        }
    }
}
