package ingot.runtime.sample;

import ingot.formats.IngotException;

/**
 * How the next token is chosen. The processors apply in the order of Hugging Face transformers' {@code generate}:
 * repetition penalty, temperature, top-k, top-p, min-p. Each has a neutral value that switches it off.
 *
 * @param temperature divides the logits; 0 is greedy (the other settings except the penalty are then without effect)
 * @param topK keeps the k most likely tokens; 0 keeps all
 * @param topP keeps the smallest set of most likely tokens whose probabilities sum to at least this; 1 keeps all
 * @param minP keeps tokens at least this fraction as likely as the most likely one; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen before (Keskar et al. 2019);
 *     1 changes nothing
 * @param seed of the random numbers; equal seeds give equal choices
 */
public record SamplingOptions(
        double temperature, int topK, double topP, double minP, double repetitionPenalty, long seed) {
    public SamplingOptions {
        require(temperature >= 0 && Double.isFinite(temperature), "temperature", temperature, "0 (greedy) or more");
        require(topK >= 0, "top-k", topK, "0 (off) or more");
        require(topP > 0 && topP <= 1, "top-p", topP, "more than 0, at most 1 (off)");
        require(minP >= 0 && minP <= 1, "min-p", minP, "0 (off) to 1");
        require(
                repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
                "repetition penalty",
                repetitionPenalty,
                "more than 0; 1 is off");
    }

    /** The most likely token, always. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0, 0, 1, 0, 1, 0);
    }

    private static void require(boolean holds, String what, Object value, String expected) {
        if (!holds) {
            throw new IngotException.Usage(what + " " + value + ": expected " + expected);
        }
    }
}
