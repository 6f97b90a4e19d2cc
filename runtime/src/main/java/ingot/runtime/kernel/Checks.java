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
}
