package ingot.runtime.kernel;

/** Arguments that callers can get wrong. */
public final class Checks {
    private Checks() {}

    /** Whether the arrays of a matrix product hold what the matrix and the tokens need. */
    public static void matmul(Matrix w, float[] x, int tokens, float[] y) {
        if (tokens < 0 || x.length < (long) tokens * w.cols() || y.length < (long) tokens * w.rows()) {
            throw new IllegalArgumentException(w.rows() + " x " + w.cols() + " matrix, " + tokens + " tokens: x has "
                    + x.length + " and y " + y.length + " elements");
        }
    }

    /** Whether {@code x[tokens][n]} and {@code h[n][n]} fit their arrays. */
    public static void square(float[] x, int tokens, int n, float[] h) {
        if (tokens < 0 || n < 0 || x.length < (long) tokens * n || h.length < (long) n * n) {
            throw new IllegalArgumentException(
                    tokens + " tokens of " + n + ": arrays of " + x.length + " and " + h.length + " elements");
        }
    }

    /** Whether a window of so many rows and columns lies in its array. */
    public static void window(Blas.Tile tile, int rows, int cols) {
        long end = tile.at() + (rows - 1L) * tile.stride() + cols;
        boolean empty = rows == 0 || cols == 0;
        if (rows < 0 || cols < 0 || !empty && (tile.at() < 0 || tile.stride() < cols || end > tile.data().length)) {
            throw new IllegalArgumentException(rows + " x " + cols + " window at " + tile.at() + " with rows of "
                    + tile.stride() + " in an array of " + tile.data().length + " elements");
        }
    }
}
