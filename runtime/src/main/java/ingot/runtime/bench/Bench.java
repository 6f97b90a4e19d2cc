package ingot.runtime.bench;

import ingot.formats.Progress;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Measures the two speeds of a model: {@code ppN} reads N tokens in one call, {@code tgN} appends N tokens one by one, both
 * from an empty context or, as {@code ppN@dD}, after D tokens, which are not part of the time. Tokens are random with a
 * fixed seed; neither is sampling.
 */
public final class Bench {
    private final Model model;
    private final BenchOptions options;
    private final Progress progress;
    private final int[] tokens;

    private Bench(Model model, BenchOptions options, Progress progress) {
        this.model = model;
        this.options = options;
        this.progress = progress;
        this.tokens = new Random(1)
                .ints(options.positions(), 0, model.info().vocabSize())
                .toArray();
    }

    /** Runs the tests of {@code options}, for each depth in turn. */
    public static List<BenchResult> run(Model model, BenchOptions options, Progress progress) {
        return new Bench(model, options, progress).run();
    }

    private List<BenchResult> run() {
        List<BenchResult> results = new ArrayList<>();
        for (int depth : options.depths()) {
            String suffix = depth == 0 ? "" : "@d" + depth;
            try (Session session = model.newSession()) {
                int prompt = options.prompt();
                if (prompt > 0) {
                    int[] text = Arrays.copyOf(tokens, prompt);
                    Test test = new Test("pp" + prompt + suffix, prompt, depth, () -> session.forward(text));
                    results.add(new BenchResult(test.name, prompt, 0, depth, samples(session, test)));
                }
                int generate = options.generate();
                if (generate > 0) {
                    Test test = new Test("tg" + generate + suffix, generate, depth, () -> {
                        for (int i = 0; i < generate; i++) {
                            session.forward(tokens[i]);
                        }
                    });
                    results.add(new BenchResult(test.name, 0, generate, depth, samples(session, test)));
                }
            }
        }
        return results;
    }

    /** What is timed, and how many tokens precede it. */
    private record Test(String name, int tokens, int depth, Runnable work) {}

    private List<Double> samples(Session session, Test test) {
        List<Double> samples = new ArrayList<>();
        // Repetition -1 warms up: compiles the loops and touches the weights.
        for (int i = -1; i < options.repetitions(); i++) {
            progress.step(test.name, i + 1L, options.repetitions() + 1L, Progress.Unit.STEPS);
            goTo(session, test.depth);
            long start = System.nanoTime();
            test.work.run();
            long nanos = System.nanoTime() - start;
            if (i >= 0) {
                samples.add(test.tokens / (nanos / 1e9));
            }
        }
        progress.step(test.name, options.repetitions() + 1L, options.repetitions() + 1L, Progress.Unit.STEPS);
        return samples;
    }

    /** Recurrent layers cannot go back: they would compute the context again within the measured time. */
    private void goTo(Session session, int depth) {
        boolean recurrent = model.info().config().attention().linear().isPresent();
        session.truncate(recurrent ? 0 : Math.min(depth, session.position()));
        if (session.position() < depth) {
            session.forward(Arrays.copyOfRange(tokens, session.position(), depth));
        }
    }
}
