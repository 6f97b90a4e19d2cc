package ingot.runtime.bench;

import ingot.formats.IngotException;

/**
 * @param prompt tokens read at once in the test {@code ppN}; 0 leaves it out
 * @param generate tokens generated one by one in the test {@code tgN}; 0 leaves it out
 * @param repetitions of each test, after one that is not counted
 */
public record BenchOptions(int prompt, int generate, int repetitions) {
    public BenchOptions {
        if (prompt < 0 || generate < 0 || prompt > 1 << 20 || generate > 1 << 20) {
            throw new IngotException.Usage(
                    "tests of " + prompt + " and " + generate + " tokens: expected 0 to " + (1 << 20));
        }
        if (prompt == 0 && generate == 0) {
            throw new IngotException.Usage("nothing to measure: -p and -n are both 0");
        }
        if (repetitions < 1 || repetitions > 10_000) {
            throw new IngotException.Usage(repetitions + " repetitions: expected 1 to 10000");
        }
    }
}
