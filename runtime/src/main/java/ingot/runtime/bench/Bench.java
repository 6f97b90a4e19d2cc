package ingot.runtime.bench;

import ingot.formats.Progress;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Measures the two speeds of a model from an empty context: {@code ppN} reads N tokens in one call, {@code tgN} appends N
 * tokens one by one. Tokens are random with a fixed seed; sampling is not part of the time.
 */
public final class Bench {
    private Bench() {}

    public static List<BenchResult> run(Model model, BenchOptions options, Progress progress) {
        int longest = Math.max(options.prompt(), options.generate());
        int[] tokens = new Random(1).ints(longest, 0, model.info().vocabSize()).toArray();
        List<BenchResult> results = new ArrayList<>();
        try (Session session = model.newSession()) {
            if (options.prompt() > 0) {
                int n = options.prompt();
                int[] prompt = Arrays.copyOf(tokens, n);
                Test test = new Test("pp" + n, n, session, () -> session.forward(prompt));
                results.add(new BenchResult(test.name, n, 0, test.samples(options.repetitions(), progress)));
            }
            if (options.generate() > 0) {
                int n = options.generate();
                Test test = new Test(
                        "tg" + n, n, session, () -> IntStream.range(0, n).forEach(i -> session.forward(tokens[i])));
                results.add(new BenchResult(test.name, 0, n, test.samples(options.repetitions(), progress)));
            }
        }
        return results;
    }

    private record Test(String name, int tokens, Session session, Runnable work) {
        List<Double> samples(int repetitions, Progress progress) {
            List<Double> samples = new ArrayList<>();
            // Repetition -1 warms up: compiles the loops and touches the weights.
            for (int i = -1; i < repetitions; i++) {
                progress.step(name, i + 1L, repetitions + 1L, Progress.Unit.STEPS);
                session.reset();
                long start = System.nanoTime();
                work.run();
                long nanos = System.nanoTime() - start;
                if (i >= 0) {
                    samples.add(tokens / (nanos / 1e9));
                }
            }
            progress.step(name, repetitions + 1L, repetitions + 1L, Progress.Unit.STEPS);
            return samples;
        }
    }
}
