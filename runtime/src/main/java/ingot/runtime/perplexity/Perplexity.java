package ingot.runtime.perplexity;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.runtime.verify.Distributions;
import java.util.Arrays;
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
    private final Scores scores;

    private Perplexity(
            Predictor model,
            PerplexityOptions options,
            @Nullable Reference reference,
            @Nullable LogitsFileWriter recorder,
            Scores scores) {
        this.model = model;
        this.options = options;
        this.reference = reference;
        this.recorder = recorder;
        this.scores = scores;
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
        Scores scores = new Scores(Math.multiplyExact(chunks, options.scored()));
        Perplexity run = new Perplexity(model, options, reference, recorder, scores);
        long total = (long) chunks * options.context();
        for (int chunk = 0; chunk < chunks; chunk++) {
            progress.step("scoring", (long) chunk * options.context(), total, Progress.Unit.TOKENS);
            int start = chunk * options.context();
            run.window(chunk, Arrays.copyOfRange(tokens, start, start + options.context()));
        }
        progress.step("scoring", total, total, Progress.Unit.TOKENS);
        return scores.result(chunks, options.context());
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
            if (reference == null) {
                scores.add(nll);
            } else {
                float[] base = expected[position - first];
                boolean same = Distributions.argmax(base) == Distributions.argmax(logits);
                double kld = reference.divergence(base, logits);
                scores.add(nll, new Scores.Compared(-reference.logProbability(base, next), kld, same));
            }
        });
    }
}
