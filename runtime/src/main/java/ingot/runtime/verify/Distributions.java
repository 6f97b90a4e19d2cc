package ingot.runtime.verify;

/** Softmax distributions over logits, in double precision. */
public final class Distributions {
    private Distributions() {}

    /**
     * log Σ exp(x), shifted by the maximum so that nothing overflows.
     *
     * @param logits at least one finite number
     */
    public static double logSumExp(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float x : logits) {
            max = Math.max(max, x);
        }
        double sum = 0;
        for (float x : logits) {
            sum += Math.exp(x - max);
        }
        return max + Math.log(sum);
    }

    /** log p(token) under softmax(logits), in nats. */
    public static double logProbability(float[] logits, int token) {
        return logits[token] - logSumExp(logits);
    }

    /**
     * Kullback–Leibler divergence Σ p·(log p − log q) in nats, p = softmax(golden), q = softmax(model). Never negative
     * but for rounding, which is cut off at 0; NaN when either side holds one.
     */
    public static double klDivergence(float[] golden, float[] model) {
        double zp = logSumExp(golden);
        double zq = logSumExp(model);
        double sum = 0;
        for (int i = 0; i < golden.length; i++) {
            double lp = golden[i] - zp;
            sum += Math.exp(lp) * (lp - (model[i] - zq));
        }
        return sum < 0 ? 0 : sum;
    }

    /** Index of the largest value, the first of equals. */
    public static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }
}
