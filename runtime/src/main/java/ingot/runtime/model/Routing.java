package ingot.runtime.model;

import java.util.Arrays;

/**
 * Which tokens of a chunk go to which experts, with which weights. One per decoder, filled anew by every layer; its buffers
 * grow to the largest chunk.
 */
final class Routing {
    private int[] chosen = {};
    private float[] weights = {};
    private int[] entries = {};
    private int[] starts = {};
    private int perToken;

    /** Makes room for {@code tokens} that pass {@code choices} of {@code experts} each. */
    void prepare(int tokens, int choices, int experts) {
        perToken = choices;
        int n = Math.multiplyExact(tokens, choices);
        if (chosen.length < n) {
            chosen = new int[n];
            weights = new float[n];
            entries = new int[n];
        }
        if (starts.length < experts + 1) {
            starts = new int[experts + 1];
        }
    }

    /**
     * Chooses the largest probabilities of one token, the lower expert where two are equal. Touches nothing of other tokens.
     *
     * @param probabilities of all experts, [experts] from {@code at} on; the chosen ones are overwritten
     * @param normalize whether the weights are divided by their sum
     */
    void choose(int token, float[] probabilities, int at, int experts, boolean normalize) {
        float sum = 0;
        for (int k = 0; k < perToken; k++) {
            int best = 0;
            for (int e = 1; e < experts; e++) {
                if (probabilities[at + e] > probabilities[at + best]) {
                    best = e;
                }
            }
            int entry = token * perToken + k;
            chosen[entry] = best;
            weights[entry] = probabilities[at + best];
            sum += weights[entry];
            probabilities[at + best] = Float.NEGATIVE_INFINITY;
        }
        if (normalize) {
            for (int k = 0; k < perToken; k++) {
                weights[token * perToken + k] /= sum;
            }
        }
    }

    /** Sorts the choices by expert, and by token within an expert. */
    void group(int tokens, int experts) {
        int n = tokens * perToken;
        Arrays.fill(starts, 0, experts + 1, 0);
        for (int i = 0; i < n; i++) {
            starts[chosen[i] + 1]++;
        }
        for (int e = 0; e < experts; e++) {
            starts[e + 1] += starts[e];
        }
        for (int i = 0; i < n; i++) {
            entries[starts[chosen[i]]++] = i;
        }
        // Every start has moved to the next one's place.
        System.arraycopy(starts, 0, starts, 1, experts);
        starts[0] = 0;
    }

    /** Expert number {@code k} of a token, in falling order of weight. */
    int expert(int token, int k) {
        return chosen[token * perToken + k];
    }

    /** Weight of expert number {@code k} of a token. */
    float weightOf(int token, int k) {
        return weights[token * perToken + k];
    }

    /** Number of tokens of an expert. */
    int count(int expert) {
        return starts[expert + 1] - starts[expert];
    }

    /** Token number {@code i} of an expert; tokens rise with i. */
    int token(int expert, int i) {
        return entries[starts[expert] + i] / perToken;
    }

    /** Weight of an expert's output for its token number {@code i}. */
    float weight(int expert, int i) {
        return weights[entries[starts[expert] + i]];
    }
}
