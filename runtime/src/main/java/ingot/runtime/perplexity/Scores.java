package ingot.runtime.perplexity;

import ingot.runtime.perplexity.PerplexityResult.Divergence;
import ingot.runtime.perplexity.PerplexityResult.Estimate;
import ingot.runtime.perplexity.PerplexityResult.Kld;
import ingot.runtime.verify.Quantiles;
import java.util.Arrays;
import java.util.Optional;

/** What was found at the scored tokens of a text, in order; all of them compared with a reference, or none. */
public final class Scores {
    private final double[] nll;
    private final double[] referenceNll;
    private final double[] kld;
    private final double[] dp;
    private int compared;
    private int same;
    private int n;

    /** @param scored how many tokens there are going to be */
    public Scores(int scored) {
        nll = new double[scored];
        referenceNll = new double[scored];
        kld = new double[scored];
        dp = new double[scored];
    }

    /**
     * What the reference says of a token.
     *
     * @param nll negative logarithm of the probability it gives to the token, in nats
     * @param kld divergence of the model from it, in nats
     * @param sameTop whether both find the same token the likeliest
     */
    public record Compared(double nll, double kld, boolean sameTop) {}

    /** A token, and the negative logarithm of the probability that the model gives it, in nats. */
    public void add(double tokenNll) {
        nll[n++] = tokenNll;
    }

    /** Alike, with what a reference says of it. */
    public void add(double tokenNll, Compared with) {
        referenceNll[n] = with.nll();
        kld[n] = with.kld();
        dp[n] = Math.exp(-tokenNll) - Math.exp(-with.nll());
        same += with.sameTop() ? 1 : 0;
        compared++;
        add(tokenNll);
    }

    /** The figures of all tokens, which must have come. */
    public PerplexityResult result(int chunks, int context) {
        if (n != nll.length || (compared != 0 && compared != n)) {
            throw new IllegalStateException(n + " tokens scored and " + compared + " compared of " + nll.length);
        }
        double mean = Quantiles.mean(nll);
        double perplexity = Math.exp(mean);
        return new PerplexityResult(
                perplexity,
                perplexity * Quantiles.standardError(nll),
                mean,
                n,
                chunks,
                context,
                compared == 0 ? Optional.empty() : Optional.of(divergence()));
    }

    private Divergence divergence() {
        double[] sorted = Quantiles.sorted(kld);
        double share = (double) same / n;
        double[] squares = Arrays.stream(dp).map(d -> d * d).toArray();
        double rms = Math.sqrt(Quantiles.mean(squares));
        return new Divergence(
                Math.exp(Quantiles.mean(referenceNll)),
                new Kld(
                        estimate(kld),
                        Quantiles.of(sorted, 0.5),
                        Quantiles.of(sorted, 0.99),
                        Quantiles.of(sorted, 0.999),
                        sorted[sorted.length - 1]),
                new Estimate(share, Math.sqrt(share * (1 - share) / (n - 1))),
                estimate(dp),
                // d√x = dx ÷ 2√x.
                new Estimate(rms, rms == 0 ? 0 : Quantiles.standardError(squares) / (2 * rms)));
    }

    private static Estimate estimate(double[] values) {
        return new Estimate(Quantiles.mean(values), Quantiles.standardError(values));
    }
}
