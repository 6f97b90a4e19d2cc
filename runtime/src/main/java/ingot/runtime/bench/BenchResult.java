package ingot.runtime.bench;

import ingot.runtime.verify.Quantiles;
import java.util.List;

/**
 * @param test {@code ppN} or {@code tgN}, with {@code xS} behind it for S sequences and {@code @dD} for a test at depth D
 * @param promptTokens read per repetition and sequence
 * @param generatedTokens generated per repetition and sequence
 * @param depth tokens in the context before the test
 * @param sequences in every step
 * @param samples tokens per second of each repetition, those of all sequences
 */
public record BenchResult(
        String test, int promptTokens, int generatedTokens, int depth, int sequences, List<Double> samples) {
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
