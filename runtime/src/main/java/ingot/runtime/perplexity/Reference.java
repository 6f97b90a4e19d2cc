package ingot.runtime.perplexity;

import ingot.formats.IngotException;
import ingot.runtime.verify.Distributions;

/** Where the distributions come from that a model is measured against. */
public sealed interface Reference {
    int vocabSize();

    /**
     * Logits or log-probabilities of the scored positions of a window, in order.
     *
     * @param rows [scored][vocab], filled
     */
    void rows(int chunk, int[] window, PerplexityOptions options, float[][] rows);

    /** KL divergence in nats from the reference's {@code row} to the model's {@code logits}. */
    double divergence(float[] row, float[] logits);

    /** log p(token) by the reference's {@code row}, in nats. */
    double logProbability(float[] row, int token);

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

        @Override
        public double divergence(float[] row, float[] logits) {
            return Distributions.klDivergence(row, logits);
        }

        @Override
        public double logProbability(float[] row, int token) {
            return Distributions.logProbability(row, token);
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

        /** Tokens that the file calls as good as impossible are left out, as the tool that defined it does. */
        @Override
        public double divergence(float[] row, float[] logits) {
            double z = Distributions.logSumExp(logits);
            double sum = 0;
            for (int i = 0; i < row.length; i++) {
                if (row[i] > -LogitsFile.RANGE) {
                    sum += Math.exp(row[i]) * (row[i] - (logits[i] - z));
                }
            }
            return sum;
        }

        @Override
        public double logProbability(float[] row, int token) {
            return row[token];
        }
    }
}
