package ingot.runtime.perplexity;

import java.util.Optional;

/**
 * @param perplexity exp(nll)
 * @param perplexityError standard error: perplexity × the standard error of {@code nll}
 * @param nll mean negative log-likelihood per scored token, in nats
 * @param tokens scored
 * @param chunks windows
 * @param context tokens per window
 * @param divergence from the reference, when there is one
 */
public record PerplexityResult(
        double perplexity,
        double perplexityError,
        double nll,
        int tokens,
        int chunks,
        int context,
        Optional<Divergence> divergence) {

    /**
     * How far the model's predictions lie from the reference's. KL divergences are in nats, from reference to model;
     * Δp is the model's probability of the text's next token minus the reference's.
     *
     * @param referencePerplexity of the reference on the same tokens
     * @param sameTop1 share of positions whose most likely token agrees
     * @param rmsDp root of the mean of Δp²
     */
    public record Divergence(double referencePerplexity, Kld kld, Estimate sameTop1, Estimate meanDp, Estimate rmsDp) {}

    /** Distribution of the KL divergence over positions. */
    public record Kld(Estimate mean, double median, double p99, double p999, double max) {}

    /** A value and its standard error. */
    public record Estimate(double value, double error) {}
}
