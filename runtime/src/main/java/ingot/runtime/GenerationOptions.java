package ingot.runtime;

import ingot.formats.IngotException;
import ingot.formats.hf.GenerationDefaults;
import ingot.runtime.sample.SamplingOptions;
import java.util.Set;

/**
 * What {@link Generator} does with a prompt.
 *
 * @param maxTokens most tokens to generate
 * @param sampling how each is chosen
 * @param stopIds tokens that end the text; the stop token is part of the result
 */
public record GenerationOptions(int maxTokens, SamplingOptions sampling, Set<Integer> stopIds) {
    public GenerationOptions {
        if (maxTokens < 0) {
            throw new IngotException.Usage("maximum of " + maxTokens + " tokens: expected 0 or more");
        }
        stopIds = Set.copyOf(stopIds);
    }

    /** Greedy, without stop tokens. */
    public static GenerationOptions greedy(int maxTokens) {
        return new GenerationOptions(maxTokens, SamplingOptions.greedy(), Set.of());
    }

    /** As the model's generation_config.json asks; 256 tokens, seed 0. */
    public static GenerationOptions of(GenerationDefaults defaults) {
        var sampling = defaults.doSample()
                ? new SamplingOptions(
                        defaults.temperature(), defaults.topK(), defaults.topP(), 0, defaults.repetitionPenalty(), 0)
                : new SamplingOptions(0, 0, 1, 0, defaults.repetitionPenalty(), 0);
        return new GenerationOptions(256, sampling, defaults.eosIds());
    }

    public GenerationOptions withMaxTokens(int value) {
        return new GenerationOptions(value, sampling, stopIds);
    }

    public GenerationOptions withSampling(SamplingOptions value) {
        return new GenerationOptions(maxTokens, value, stopIds);
    }

    public GenerationOptions withStopIds(Set<Integer> value) {
        return new GenerationOptions(maxTokens, sampling, value);
    }

    public GenerationOptions withTemperature(double value) {
        var s = sampling;
        return withSampling(new SamplingOptions(value, s.topK(), s.topP(), s.minP(), s.repetitionPenalty(), s.seed()));
    }

    public GenerationOptions withTopK(int value) {
        var s = sampling;
        return withSampling(
                new SamplingOptions(s.temperature(), value, s.topP(), s.minP(), s.repetitionPenalty(), s.seed()));
    }

    public GenerationOptions withTopP(double value) {
        var s = sampling;
        return withSampling(
                new SamplingOptions(s.temperature(), s.topK(), value, s.minP(), s.repetitionPenalty(), s.seed()));
    }

    public GenerationOptions withMinP(double value) {
        var s = sampling;
        return withSampling(
                new SamplingOptions(s.temperature(), s.topK(), s.topP(), value, s.repetitionPenalty(), s.seed()));
    }

    public GenerationOptions withRepetitionPenalty(double value) {
        var s = sampling;
        return withSampling(new SamplingOptions(s.temperature(), s.topK(), s.topP(), s.minP(), value, s.seed()));
    }

    public GenerationOptions withSeed(long value) {
        var s = sampling;
        return withSampling(
                new SamplingOptions(s.temperature(), s.topK(), s.topP(), s.minP(), s.repetitionPenalty(), value));
    }
}
