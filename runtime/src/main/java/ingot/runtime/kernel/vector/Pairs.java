package ingot.runtime.kernel.vector;

/**
 * The order of activations for row-major 16-bit weights. A vector of 32-bit lanes holds two columns per lane; for every
 * such vector come first the activations of the even, then those of the odd columns. Columns that do not fill four vectors
 * of floats are summed one by one and keep their order.
 */
final class Pairs {
    private Pairs() {}

    /** How many of the columns are multiplied in vectors. */
    static int vectorized(int cols, int lanes) {
        return cols - cols % (4 * lanes);
    }

    static void order(float[] x, int cols, int lanes, float[] out) {
        int main = vectorized(cols, lanes);
        for (int k = 0; k < main; k += 2 * lanes) {
            for (int i = 0; i < lanes; i++) {
                out[k + i] = x[k + 2 * i];
                out[k + lanes + i] = x[k + 2 * i + 1];
            }
        }
        System.arraycopy(x, main, out, main, cols - main);
    }
}
