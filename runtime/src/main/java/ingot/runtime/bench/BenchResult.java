package ingot.runtime.bench;

import ingot.runtime.verify.Quantiles;
import java.util.List;

/**
 * @param test {@code ppN} or {@code tgN}, with {@code @dD} behind it for a test at depth D
 * @param promptTokens read per repetition
 * @param generatedTokens generated per repetition
 * @param depth tokens in the context before the test
 * @param samples tokens per second of each repetition
 */
public record BenchResult(String test, int promptTokens, int generatedTokens, int depth, List<Double> samples) {
    public BenchResult {
        samples = List.copyOf(samples);
    }

    /** Mean of the samples, tokens per second. */
    public double mean() {
        return Quantiles.mean(values());
    }

    /** Sample standard deviation, tokens per second. */
    public double standardDeviation() {
        return Quantiles.standardDeviation(values());
    }

    private double[] values() {
        return samples.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
