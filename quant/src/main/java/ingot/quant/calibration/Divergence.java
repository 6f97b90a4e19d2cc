package ingot.quant.calibration;

import ingot.runtime.kernel.Kernels;
import java.util.Arrays;

/**
 * Kullback-Leibler divergences of next-token distributions, with the vocabulary in panels so that no row of logits has
 * to be in memory as a whole. First {@link #reference} takes all panels, then {@link #add} takes them again.
 */
final class Divergence {
    private final Kernels kernels;
    private final int tokens;
    private final Normalizers reference;
    private final Normalizers[] others;
    private final double[][] cross;

    /**
     * log Σ exp of each token's logits, as panels come in.
     *
     * @param best which token has the greatest logit so far, the first of equals
     * @param top that logit
     * @param sum Σ exp(logit − top)
     * @param seen logits so far
     */
    @SuppressWarnings("ArrayRecordComponent") // accumulators, never compared
    private record Normalizers(int[] best, double[] top, double[] sum, int[] seen) {
        static Normalizers of(int tokens) {
            double[] top = new double[tokens];
            Arrays.fill(top, Double.NEGATIVE_INFINITY);
            return new Normalizers(new int[tokens], top, new double[tokens], new int[tokens]);
        }

        void add(int token, float[] logits, int at, int n) {
            double most = top[token];
            for (int i = at; i < at + n; i++) {
                if (logits[i] > most) {
                    most = logits[i];
                    best[token] = seen[token] + i - at;
                }
            }
            seen[token] += n;
            double total = sum[token] == 0 ? 0 : sum[token] * Math.exp(top[token] - most);
            for (int i = at; i < at + n; i++) {
                total += Math.exp(logits[i] - most);
            }
            top[token] = most;
            sum[token] = total;
        }

        double log(int token) {
            return top[token] + Math.log(sum[token]);
        }
    }

    /** @param others number of distributions that are compared with the reference */
    Divergence(Kernels kernels, int tokens, int others) {
        this.kernels = kernels;
        this.tokens = tokens;
        this.reference = Normalizers.of(tokens);
        this.others = new Normalizers[others];
        this.cross = new double[others][tokens];
        Arrays.setAll(this.others, i -> Normalizers.of(tokens));
    }

    /** A panel of the reference's logits [tokens][n]. */
    void reference(float[] logits, int n) {
        kernels.parallel(tokens, t -> reference.add(t, logits, t * n, n));
    }

    /** A panel of the reference's logits and of those of another one, both [tokens][n]. */
    void add(int other, float[] expected, float[] logits, int n) {
        kernels.parallel(tokens, t -> {
            others[other].add(t, logits, t * n, n);
            double log = reference.log(t);
            double sum = 0;
            for (int i = t * n; i < t * n + n; i++) {
                sum += Math.exp(expected[i] - log) * ((double) expected[i] - logits[i]);
            }
            cross[other][t] += sum;
        });
    }

    /** Σ p·ln(p/q) of another one, mean over the tokens. */
    double mean(int other) {
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
            sum += of(other, t);
        }
        return Math.max(0, sum / tokens);
    }

    /** Σ p·ln(p/q) of another one at a token; below 0 by rounding alone. */
    double of(int other, int token) {
        return cross[other][token] - reference.log(token) + others[other].log(token);
    }

    /** log Σ exp of the reference's logits at a token. */
    double normalizer(int token) {
        return reference.log(token);
    }

    /** The same of another one. */
    double normalizer(int other, int token) {
        return others[other].log(token);
    }

    /** Whether the reference and another one find the same next token the likeliest. */
    boolean sameTop(int other, int token) {
        return reference.best()[token] == others[other].best()[token];
    }
}
