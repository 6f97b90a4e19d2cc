package ingot.runtime.sample;

import ingot.formats.IngotException;
import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Chooses tokens from logits. Every filter of {@link SamplingOptions} keeps the most likely tokens up to some rank, so
 * candidates are taken from a heap in falling order until the strictest filter ends: the vocabulary is never sorted. Equal
 * logits rank by id. Deterministic for a seed. For one thread.
 */
public final class Sampler {
    /** Tokens that top-p and min-p keep as a rule, at most. */
    private static final int USUAL = 64;

    private final SamplingOptions options;
    private final SplittableRandom random;
    private final BitSet seen = new BitSet();
    private final Candidates candidates = new Candidates();
    private float[] scores = {};
    private double[] weights = {};

    public Sampler(SamplingOptions options) {
        this.options = options;
        this.random = new SplittableRandom(options.seed());
    }

    /** Counts a token as seen, for the repetition penalty. */
    public void accept(int token) {
        seen.set(token);
    }

    /**
     * The next token; does not count it as seen.
     *
     * @param logits [vocab], left as they are
     * @throws IngotException.BadData when no logit is a number
     */
    public int sample(float[] logits) {
        float[] penalised = penalise(logits);
        if (options.temperature() == 0) {
            return argmax(penalised);
        }
        return filtered() ? chooseRanked(penalised) : chooseAny(penalised, penalised[argmax(penalised)]);
    }

    /** The most likely token, the first of equals. */
    public static int argmax(float[] logits) {
        int best = -1;
        for (int i = 0; i < logits.length; i++) {
            // NaN compares false and is never chosen.
            if (best < 0 ? !Float.isNaN(logits[i]) : logits[i] > logits[best]) {
                best = i;
            }
        }
        if (best < 0) {
            throw noNumber();
        }
        requireNumber(logits[best]);
        return best;
    }

    private static float requireNumber(float largest) {
        if (largest == Float.NEGATIVE_INFINITY) {
            throw noNumber();
        }
        return largest;
    }

    private static IngotException noNumber() {
        return new IngotException.BadData("no logit is a number: the model's weights are damaged or overflow f32");
    }

    private boolean filtered() {
        return options.topK() > 0 || options.topP() < 1 || options.minP() > 0;
    }

    private float[] penalise(float[] logits) {
        if (options.repetitionPenalty() == 1 || seen.isEmpty()) {
            return logits;
        }
        if (scores.length != logits.length) {
            scores = new float[logits.length];
        }
        System.arraycopy(logits, 0, scores, 0, logits.length);
        float penalty = (float) options.repetitionPenalty();
        for (int i = seen.nextSetBit(0); i >= 0 && i < scores.length; i = seen.nextSetBit(i + 1)) {
            scores[i] = scores[i] < 0 ? scores[i] * penalty : scores[i] / penalty;
        }
        return scores;
    }

    /** exp((logit − max) ÷ temperature): proportional to the probability, 1 for the most likely token. */
    private double weight(float logit, float max) {
        return Float.isNaN(logit) ? 0 : Math.exp(((double) logit - max) / options.temperature());
    }

    private int chooseAny(float[] logits, float max) {
        reserve(logits.length);
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            weights[i] = weight(logits[i], max);
            sum += weights[i];
        }
        return pick(logits.length, sum);
    }

    private int chooseRanked(float[] logits) {
        candidates.fill(logits, options.topK() > 0 ? options.topK() + 1 : USUAL);
        if (candidates.size() == 0) {
            throw noNumber();
        }
        float max = requireNumber(logits[candidates.take(0)]);
        int kept = topK(logits);
        reserve(kept);
        double total = options.topP() < 1 ? total(logits, max, kept) : 0;
        double sum = 0;
        int n = 0;
        while (n < kept) {
            double weight = weight(logits[candidates.take(n)], max);
            // Top-p keeps a token while those before it do not reach p; min-p looks at the ratio to the first.
            boolean enough = n > 0 && options.topP() < 1 && sum >= options.topP() * total;
            if (enough || weight < options.minP()) {
                break;
            }
            weights[n++] = weight;
            sum += weight;
        }
        return candidates.token(pick(n, sum));
    }

    /** How many tokens top-k keeps: k, and those equal to the k-th. */
    private int topK(float[] logits) {
        int usable = candidates.size();
        if (options.topK() == 0 || options.topK() >= usable) {
            return usable;
        }
        float last = logits[candidates.take(options.topK() - 1)];
        int kept = options.topK();
        while (kept < usable && logits[candidates.take(kept)] == last) {
            kept++;
        }
        return kept;
    }

    private double total(float[] logits, float max, int kept) {
        double total = 0;
        if (kept == candidates.size()) {
            for (float logit : logits) {
                total += weight(logit, max);
            }
        } else {
            for (int i = 0; i < kept; i++) {
                total += weight(logits[candidates.take(i)], max);
            }
        }
        return total;
    }

    private int pick(int n, double sum) {
        double left = random.nextDouble() * sum;
        int last = 0;
        for (int i = 0; i < n; i++) {
            if (weights[i] > 0) {
                last = i;
                left -= weights[i];
                if (left < 0) {
                    return i;
                }
            }
        }
        // Rounding can leave a rest after the last one.
        return last;
    }

    private void reserve(int n) {
        if (weights.length < n) {
            weights = new double[n];
        }
    }
}
