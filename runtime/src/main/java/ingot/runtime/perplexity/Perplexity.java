package ingot.runtime.perplexity;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.runtime.perplexity.PerplexityResult.Divergence;
import ingot.runtime.perplexity.PerplexityResult.Estimate;
import ingot.runtime.perplexity.PerplexityResult.Kld;
import ingot.runtime.verify.Distributions;
import ingot.runtime.verify.Quantiles;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Perplexity of a text under a model, by the protocol of llama.cpp's perplexity tool, so that figures compare. For a
 * window of c tokens, the logits at positions c/2 … c − 2 predict the tokens at c/2 + 1 … c − 1.
 */
public final class Perplexity {
    private final Predictor model;
    private final PerplexityOptions options;
    private final @Nullable Reference reference;
    private final @Nullable LogitsFileWriter recorder;
    private final Series series;

    private Perplexity(
            Predictor model,
            PerplexityOptions options,
            @Nullable Reference reference,
            @Nullable LogitsFileWriter recorder,
            Series series) {
        this.model = model;
        this.options = options;
        this.reference = reference;
        this.recorder = recorder;
        this.series = series;
    }

    /** One value per scored token, in order. */
    private static final class Series {
        final double[] nll;
        final double[] referenceNll;
        final double[] kld;
        final double[] dp;
        int same;
        int n;

        Series(int scored) {
            nll = new double[scored];
            referenceNll = new double[scored];
            kld = new double[scored];
            dp = new double[scored];
        }
    }

    /**
     * Scores a text.
     *
     * @param tokens of the text, without a beginning-of-text token
     * @param reference to compare with; null for none
     * @param recorder takes the log-probabilities; null for none. Left for the caller to commit and close.
     * @throws IngotException.Usage when the text is shorter than one window
     */
    public static PerplexityResult measure(
            Predictor model,
            int[] tokens,
            PerplexityOptions options,
            @Nullable Reference reference,
            @Nullable LogitsFileWriter recorder,
            Progress progress) {
        int chunks = options.windows(tokens.length);
        if (chunks == 0) {
            throw new IngotException.Usage("the text has " + tokens.length + " tokens, fewer than one window of "
                    + options.context() + "; use a longer text or a smaller -c");
        }
        if (reference != null && reference.vocabSize() != model.vocabSize()) {
            throw new IngotException.ConfigMismatch("the reference has a vocabulary of " + reference.vocabSize()
                    + " tokens, the model " + model.vocabSize() + "; they cannot be compared");
        }
        Series series = new Series(Math.multiplyExact(chunks, options.scored()));
        Perplexity run = new Perplexity(model, options, reference, recorder, series);
        long total = (long) chunks * options.context();
        for (int chunk = 0; chunk < chunks; chunk++) {
            progress.step("scoring", (long) chunk * options.context(), total, Progress.Unit.TOKENS);
            int start = chunk * options.context();
            run.window(chunk, Arrays.copyOfRange(tokens, start, start + options.context()));
        }
        progress.step("scoring", total, total, Progress.Unit.TOKENS);
        return result(series, chunks, options, reference != null);
    }

    private void window(int chunk, int[] window) {
        int first = options.first();
        // The last token is only predicted, never read.
        int[] read = Arrays.copyOf(window, window.length - 1);
        float[][] expected = reference == null ? new float[0][] : new float[options.scored()][model.vocabSize()];
        if (reference != null) {
            reference.rows(chunk, read, options, expected);
        }
        model.predict(read, first, (position, logits) -> {
            double z = Distributions.logSumExp(logits);
            int next = window[position + 1];
            if (recorder != null) {
                recorder.append(logits, z);
            }
            double nll = z - logits[next];
            int at = series.n++;
            series.nll[at] = nll;
            if (reference != null) {
                float[] base = expected[position - first];
                double baseNll = -reference.logProbability(base, next);
                series.referenceNll[at] = baseNll;
                series.kld[at] = reference.divergence(base, logits);
                series.dp[at] = Math.exp(-nll) - Math.exp(-baseNll);
                if (Distributions.argmax(base) == Distributions.argmax(logits)) {
                    series.same++;
                }
            }
        });
    }

    private static PerplexityResult result(Series s, int chunks, PerplexityOptions options, boolean compared) {
        double nll = Quantiles.mean(s.nll);
        double perplexity = Math.exp(nll);
        return new PerplexityResult(
                perplexity,
                perplexity * Quantiles.standardError(s.nll),
                nll,
                s.n,
                chunks,
                options.context(),
                compared ? Optional.of(divergence(s)) : Optional.empty());
    }

    private static Divergence divergence(Series s) {
        double[] sorted = Quantiles.sorted(s.kld);
        double same = (double) s.same / s.n;
        double[] squares = Arrays.stream(s.dp).map(d -> d * d).toArray();
        double rms = Math.sqrt(Quantiles.mean(squares));
        return new Divergence(
                Math.exp(Quantiles.mean(s.referenceNll)),
                new Kld(
                        estimate(s.kld),
                        Quantiles.of(sorted, 0.5),
                        Quantiles.of(sorted, 0.99),
                        Quantiles.of(sorted, 0.999),
                        sorted[sorted.length - 1]),
                new Estimate(same, Math.sqrt(same * (1 - same) / (s.n - 1))),
                estimate(s.dp),
                // d√x = dx ÷ 2√x.
                new Estimate(rms, rms == 0 ? 0 : Quantiles.standardError(squares) / (2 * rms)));
    }

    private static Estimate estimate(double[] values) {
        return new Estimate(Quantiles.mean(values), Quantiles.standardError(values));
    }
}
