package ingot.runtime.perplexity;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.runtime.verify.Distributions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
        int together = model.together(options.context());
        for (int chunk = 0; chunk < chunks; chunk += together) {
            progress.step("scoring", (long) chunk * options.context(), total, Progress.Unit.TOKENS);
            List<int[]> windows = new ArrayList<>();
            for (int i = chunk; i < Math.min(chunks, chunk + together); i++) {
                int start = i * options.context();
                windows.add(Arrays.copyOfRange(tokens, start, start + options.context()));
            }
            run.windows(chunk, windows);
        }
        progress.step("scoring", total, total, Progress.Unit.TOKENS);
        return scores.result(chunks, options.context());
    }

    private void windows(int chunk, List<int[]> windows) {
        int first = options.first();
        // The last token is only predicted, never read.
        List<int[]> read = windows.stream()
                .map(window -> Arrays.copyOf(window, window.length - 1))
                .toList();
        float[][] expected = reference == null ? new float[0][] : new float[options.scored()][model.vocabSize()];
        model.predict(read, first, (window, position, logits) -> {
            if (reference != null && position == first) {
                // One window at a time: its rows may be a hundred megabytes.
                reference.rows(chunk + window, read.get(window), options, expected);
            }
            double z = Distributions.logSumExp(logits);
            int next = windows.get(window)[position + 1];
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
