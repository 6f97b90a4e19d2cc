package ingot.runtime.verify;

import java.util.Arrays;

/** Order statistics and means with standard errors. */
public final class Quantiles {
    private Quantiles() {}

    /**
     * Quantile with linear interpolation between neighbours, position q·(n − 1) (type 7 of Hyndman and Fan 1996: the
     * default of NumPy, and what the field's perplexity tool does).
     *
     * @param sorted ascending; NaN when empty
     */
    public static double of(double[] sorted, double q) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double position = q * (sorted.length - 1);
        int below = (int) Math.floor(position);
        int above = Math.min(below + 1, sorted.length - 1);
        double fraction = position - below;
        return fraction == 0 ? sorted[below] : sorted[below] * (1 - fraction) + sorted[above] * fraction;
    }

    public static double[] sorted(double[] values) {
        double[] copy = values.clone();
        Arrays.sort(copy);
        return copy;
    }

    public static double mean(double[] values) {
        return Arrays.stream(values).sum() / values.length;
    }

    /** Standard error of the mean: √(Σ(x − mean)² ÷ (n(n − 1))); NaN below two values. */
    public static double standardError(double[] values) {
        int n = values.length;
        return n < 2 ? Double.NaN : standardDeviation(values) / Math.sqrt(n);
    }

    /** Sample standard deviation, n − 1 in the denominator; 0 for a single value. */
    public static double standardDeviation(double[] values) {
        if (values.length < 2) {
            return 0;
        }
        double mean = mean(values);
        double sum = 0;
        for (double x : values) {
            sum += (x - mean) * (x - mean);
        }
        return Math.sqrt(sum / (values.length - 1));
    }
}
