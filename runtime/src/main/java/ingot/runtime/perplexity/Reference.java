package ingot.runtime.perplexity;

import ingot.formats.IngotException;

/** Where the distributions come from that a model is measured against. */
public sealed interface Reference {
    int vocabSize();

    /**
     * Logits or log-probabilities of the scored positions of a window, in order.
     *
     * @param rows [scored][vocab], filled
     */
    void rows(int chunk, int[] window, PerplexityOptions options, float[][] rows);

    /** Another model, run over the same windows. */
    record Live(Predictor predictor) implements Reference {
        @Override
        public int vocabSize() {
            return predictor.vocabSize();
        }

        @Override
        public void rows(int chunk, int[] window, PerplexityOptions options, float[][] rows) {
            int first = options.first();
            predictor.predict(
                    window,
                    first,
                    (position, logits) -> System.arraycopy(logits, 0, rows[position - first], 0, logits.length));
        }
    }

    /** A recorded run; the tokens must be those it was recorded with. */
    record Recorded(LogitsFile file) implements Reference {
        @Override
        public int vocabSize() {
            return file.vocabSize();
        }

        @Override
        public void rows(int chunk, int[] window, PerplexityOptions options, float[][] rows) {
            if (options.context() != file.context()) {
                throw new IngotException.Usage("context of " + options.context() + " tokens, but the reference was"
                        + " recorded with -c " + file.context());
            }
            for (int i = 0; i < rows.length; i++) {
                file.read(chunk, i, rows[i]);
            }
        }
    }
}
