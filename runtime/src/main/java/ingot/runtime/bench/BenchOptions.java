package ingot.runtime.bench;

import ingot.formats.IngotException;
import java.util.List;

/**
 * @param prompt tokens read at once in the test {@code ppN}; 0 leaves it out
 * @param generate tokens generated one by one in the test {@code tgN}; 0 leaves it out
 * @param repetitions of each test, after those that begin in its first second
 * @param depths tokens in the context before a test; every test is run at each of them
 * @param sequences that are computed in one step; every test is run with each number of them
 */
public record BenchOptions(int prompt, int generate, int repetitions, List<Integer> depths, List<Integer> sequences) {
    private static final int LONGEST = 1 << 20;
    private static final int MOST_SEQUENCES = 1024;

    public BenchOptions {
        depths = List.copyOf(depths);
        for (int depth : depths) {
            if (depth < 0 || depth > LONGEST) {
                throw new IngotException.Usage("a depth of " + depth + " tokens: expected 0 to " + LONGEST);
            }
        }
        sequences = List.copyOf(sequences);
        for (int count : sequences) {
            if (count < 1 || count > MOST_SEQUENCES) {
                throw new IngotException.Usage(count + " sequences: expected 1 to " + MOST_SEQUENCES);
            }
        }
        if (prompt < 0 || generate < 0 || prompt > LONGEST || generate > LONGEST) {
            throw new IngotException.Usage(
                    "tests of " + prompt + " and " + generate + " tokens: expected 0 to " + LONGEST);
        }
        if (prompt == 0 && generate == 0) {
            throw new IngotException.Usage("nothing to measure: -p and -n are both 0");
        }
        if (repetitions < 1 || repetitions > 10_000) {
            throw new IngotException.Usage(repetitions + " repetitions: expected 1 to 10000");
        }
    }

    /** One sequence, from an empty context. */
    public BenchOptions(int prompt, int generate, int repetitions) {
        this(prompt, generate, repetitions, List.of(0), List.of(1));
    }

    /** Tokens that the longest test holds. */
    public int positions() {
        return depths.stream().mapToInt(Integer::intValue).max().orElse(0) + Math.max(prompt, generate);
    }
}
