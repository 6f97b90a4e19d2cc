package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.runtime.sample.Sampler;
import ingot.runtime.sample.SamplingOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Sampling against distributions worked out by hand, and against sorting everything. */
final class SamplerTest {
    private static final int DRAWS = 40_000;

    /** Probabilities 0.1, 0.4, 0.05, 0.25, 0.2 at temperature 1. */
    private static final float[] FIVE = logits(0.1, 0.4, 0.05, 0.25, 0.2);

    private static float[] logits(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (Math.log(probabilities[i]) + 3);
        }
        return logits;
    }

    private static SamplingOptions options(double temperature, int topK, double topP, double minP) {
        return new SamplingOptions(temperature, topK, topP, minP, 1, 42);
    }

    private static double[] frequencies(SamplingOptions options, float[] logits) {
        Sampler sampler = new Sampler(options);
        double[] counts = new double[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits)] += 1.0 / DRAWS;
        }
        return counts;
    }

    /** The standard deviation of a frequency is at most 0.0025 here; the bound is six of them. Zeros must be exact. */
    private static void assertDistribution(SamplingOptions options, float[] logits, double... expected) {
        double[] frequencies = frequencies(options, logits);
        assertArrayEquals(expected, frequencies, 0.015);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i] == 0, frequencies[i] == 0, "token " + i);
        }
    }

    @Test
    void plainSamplingFollowsTheProbabilities() {
        assertDistribution(options(1, 0, 1, 0), FIVE, 0.1, 0.4, 0.05, 0.25, 0.2);
    }

    @Test
    void temperatureSharpens() {
        double z = 0.01 + 0.16 + 0.0025 + 0.0625 + 0.04;
        assertDistribution(options(0.5, 0, 1, 0), FIVE, 0.01 / z, 0.16 / z, 0.0025 / z, 0.0625 / z, 0.04 / z);
    }

    @Test
    void topK() {
        assertDistribution(options(1, 2, 1, 0), FIVE, 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
        assertDistribution(options(1, 1, 1, 0), FIVE, 0, 1, 0, 0, 0);
        assertDistribution(options(1, 9, 1, 0), FIVE, 0.1, 0.4, 0.05, 0.25, 0.2);
    }

    @Test
    void topKKeepsWhatEqualsTheLast() {
        assertDistribution(options(1, 2, 1, 0), logits(0.25, 0.25, 0.4, 0.1), 0.25 / 0.9, 0.25 / 0.9, 0.4 / 0.9, 0);
    }

    @Test
    void topPKeepsTheSmallestSetThatReachesIt() {
        assertDistribution(options(1, 0, 0.6, 0), FIVE, 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
        assertDistribution(options(1, 0, 0.7, 0), FIVE, 0, 0.4 / 0.85, 0, 0.25 / 0.85, 0.2 / 0.85);
        assertDistribution(options(1, 0, 1e-6, 0), FIVE, 0, 1, 0, 0, 0);
    }

    @Test
    void topPCountsWhatTopKLeft() {
        // Of 0.4 and 0.25 the first alone is 0.615.
        assertDistribution(options(1, 2, 0.61, 0), FIVE, 0, 1, 0, 0, 0);
        assertDistribution(options(1, 2, 0.63, 0), FIVE, 0, 0.4 / 0.65, 0, 0.25 / 0.65, 0);
    }

    @Test
    void minPComparesWithTheMostLikely() {
        assertDistribution(options(1, 0, 1, 0.4), FIVE, 0, 0.4 / 0.85, 0, 0.25 / 0.85, 0.2 / 0.85);
        assertDistribution(options(1, 0, 1, 1), FIVE, 0, 1, 0, 0, 0);
    }

    @Test
    void repetitionPenaltyDividesPositiveAndMultipliesNegativeLogits() {
        Sampler sampler = new Sampler(new SamplingOptions(0, 0, 1, 0, 2, 0));
        float[] logits = {3, 2, -1, -1.5f};
        assertEquals(0, sampler.sample(logits));
        sampler.accept(0);
        assertEquals(1, sampler.sample(logits), "3/2 < 2");
        sampler.accept(1);
        assertEquals(0, sampler.sample(logits), "3/2 > 2/2");
        Sampler negative = new Sampler(new SamplingOptions(0, 0, 1, 0, 2, 0));
        negative.accept(0);
        assertEquals(1, negative.sample(new float[] {-1, -1.5f}), "-1*2 < -1.5");
        assertArrayEquals(new float[] {3, 2, -1, -1.5f}, logits, "the logits are left as they are");
    }

    @Test
    void penaltyComesBeforeTemperature() {
        Sampler sampler = new Sampler(new SamplingOptions(0.5, 0, 1, 0, 2, 7));
        sampler.accept(0);
        int first = 0;
        for (int i = 0; i < DRAWS; i++) {
            first += sampler.sample(new float[] {2, 1}) == 0 ? 1 : 0;
        }
        assertEquals(0.5, (double) first / DRAWS, 0.015);
    }

    @Test
    void seedsDecideEverything() {
        List<Integer> a = draws(1);
        assertEquals(a, draws(1));
        assertTrue(!a.equals(draws(2)));
    }

    private static List<Integer> draws(long seed) {
        Sampler sampler = new Sampler(new SamplingOptions(1, 3, 0.95, 0, 1, seed));
        List<Integer> draws = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            draws.add(sampler.sample(FIVE));
        }
        return draws;
    }

    /** The set of tokens that can be drawn, against sorting the whole vocabulary. */
    @Test
    void filtersAgreeWithSorting() {
        Random random = new Random(5);
        for (int vocab : new int[] {1, 7, 33, 100}) {
            for (int round = 0; round < 50; round++) {
                float[] logits = new float[vocab];
                for (int i = 0; i < vocab; i++) {
                    logits[i] = (float) (random.nextGaussian() * 2);
                }
                int topK = random.nextInt(vocab + 2);
                double topP = 0.5 + random.nextDouble() / 2;
                double minP = random.nextDouble() * 0.2;
                TreeSet<Integer> kept = bySorting(logits, topK, topP, minP);
                Sampler sampler = new Sampler(new SamplingOptions(1, topK, topP, minP, 1, round));
                TreeSet<Integer> drawn = new TreeSet<>();
                for (int i = 0; i < 3000; i++) {
                    drawn.add(sampler.sample(logits));
                }
                assertTrue(kept.containsAll(drawn), () -> drawn + " not within " + kept);
                // What is at least 1 % likely shows up in 3000 draws but for a chance of 1e-13.
                for (int token : kept) {
                    if (Math.exp(logits[token])
                                    / kept.stream()
                                            .mapToDouble(t -> Math.exp(logits[t]))
                                            .sum()
                            > 0.01) {
                        assertTrue(drawn.contains(token), () -> token + " of " + kept + " never drawn");
                    }
                }
            }
        }
    }

    private static TreeSet<Integer> bySorting(float[] logits, int topK, double topP, double minP) {
        Integer[] order = new Integer[logits.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
        int n = topK == 0 ? order.length : Math.min(topK, order.length);
        double total = 0;
        for (int i = 0; i < n; i++) {
            total += Math.exp(logits[order[i]]);
        }
        TreeSet<Integer> kept = new TreeSet<>();
        double before = 0;
        for (int i = 0; i < n; i++) {
            double p = Math.exp(logits[order[i]]) / total;
            boolean likely = Math.exp(logits[order[i]] - logits[order[0]]) >= minP;
            if (i == 0 || (before < topP && likely)) {
                kept.add(order[i]);
            }
            before += p;
        }
        return kept;
    }

    /** The very tokens that sorting the whole vocabulary and the same random numbers give, ties and NaN among them. */
    @Test
    void wideVocabulariesAgreeWithSorting() {
        Random random = new Random(6);
        for (int vocab : new int[] {4095, 4096, 10_007, 151_936}) {
            float[] logits = new float[vocab];
            for (int i = 0; i < vocab; i++) {
                // Eighths: many are equal.
                logits[i] = Math.round(random.nextGaussian() * 16) / 8f;
            }
            logits[vocab / 2] = vocab == 10_007 ? Float.NaN : logits[vocab / 2];
            for (int topK : new int[] {0, 1, 20, 255, 256, 2000}) {
                var options = new SamplingOptions(0.7, topK, topK == 0 ? 0.001 : 0.9, 0.01, 1, vocab);
                Sampler sampler = new Sampler(options);
                SplittableRandom numbers = new SplittableRandom(vocab);
                int[] order = falling(logits);
                for (int i = 0; i < 3; i++) {
                    assertEquals(drawn(logits, order, options, numbers), sampler.sample(logits), vocab + ", " + topK);
                }
            }
        }
    }

    private static int[] falling(float[] logits) {
        return IntStream.range(0, logits.length)
                .filter(i -> !Float.isNaN(logits[i]))
                .boxed()
                .sorted((a, b) -> logits[a] == logits[b] ? a - b : Float.compare(logits[b], logits[a]))
                .mapToInt(i -> i)
                .toArray();
    }

    private static int drawn(float[] logits, int[] order, SamplingOptions options, SplittableRandom numbers) {
        int kept = options.topK() == 0 ? order.length : Math.min(options.topK(), order.length);
        while (kept < order.length && logits[order[kept]] == logits[order[kept - 1]]) {
            kept++;
        }
        double[] weights = new double[logits.length];
        double total = 0;
        for (int i : order) {
            weights[i] = Math.exp(((double) logits[i] - logits[order[0]]) / options.temperature());
        }
        // The sampler sums in the order in which it has them: that of the ids where all are kept.
        for (int i : kept == order.length ? IntStream.of(order).sorted().toArray() : Arrays.copyOf(order, kept)) {
            total += weights[i];
        }
        double sum = 0;
        int n = 0;
        while (n < kept && (n == 0 || sum < options.topP() * total) && weights[order[n]] >= options.minP()) {
            sum += weights[order[n++]];
        }
        double left = numbers.nextDouble() * sum;
        int i = 0;
        while (i < n - 1 && (left -= weights[order[i]]) >= 0) {
            i++;
        }
        return order[i];
    }

    @Test
    void notANumberIsNeverChosen() {
        float[] logits = {Float.NaN, 1, Float.NEGATIVE_INFINITY, 0};
        assertEquals(1, Sampler.argmax(logits));
        double e = Math.E / (Math.E + 1);
        assertDistribution(options(1, 0, 1, 0), logits, 0, e, 0, 1 - e);
        assertDistribution(options(1, 0, 0.999, 0), logits, 0, e, 0, 1 - e);
        assertThrows(IngotException.BadData.class, () -> Sampler.argmax(new float[] {Float.NaN, Float.NaN}));
        assertThrows(IngotException.BadData.class, () -> Sampler.argmax(new float[] {Float.NEGATIVE_INFINITY}));
    }

    @Test
    void equalsGoToTheFirst() {
        assertEquals(1, Sampler.argmax(new float[] {0, 5, 5, 1}));
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThrows(IngotException.Usage.class, () -> options(-1, 0, 1, 0));
        assertThrows(IngotException.Usage.class, () -> options(Double.NaN, 0, 1, 0));
        assertThrows(IngotException.Usage.class, () -> options(1, -1, 1, 0));
        assertThrows(IngotException.Usage.class, () -> options(1, 0, 0, 0));
        assertThrows(IngotException.Usage.class, () -> options(1, 0, 1.1, 0));
        assertThrows(IngotException.Usage.class, () -> options(1, 0, 1, 2));
        assertThrows(IngotException.Usage.class, () -> new SamplingOptions(1, 0, 1, 0, 0, 0));
    }
}
