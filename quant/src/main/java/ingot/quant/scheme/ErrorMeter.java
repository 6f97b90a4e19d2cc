package ingot.quant.scheme;

/** Accumulates the normalised squared error of a tensor, in f64 and in row order. */
final class ErrorMeter {
    private double squaredError;
    private double sum;
    private double squares;
    private long count;

    void add(float[] source, float[] stored, int n) {
        // Partial sums per call keep the rounding error at √rows instead of √weights.
        double e = 0;
        double s = 0;
        double q = 0;
        for (int i = 0; i < n; i++) {
            double x = source[i];
            double d = stored[i] - x;
            e += d * d;
            s += x;
            q += x * x;
        }
        squaredError += e;
        sum += s;
        squares += q;
        count += n;
    }

    /** Σ(stored − source)² ÷ Σ(source − mean)²; 0 for no error, infinite for an error on a constant tensor. */
    double nmse() {
        if (squaredError == 0) {
            return 0;
        }
        double variance = squares - sum * sum / count;
        return variance > 0 ? squaredError / variance : Double.POSITIVE_INFINITY;
    }
}
