package ingot.runtime.bench;

import ingot.formats.Progress;
import ingot.runtime.Model;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the two speeds of a model: {@code ppN} reads N tokens in one call, {@code tgN} appends N tokens one by one, both
 * from an empty context or, as {@code ppN@dD}, after D tokens, which are not part of the time; {@code ppNxS} does it with S
 * sequences in every step and counts the tokens of all. Tokens are random with a fixed seed; none is sampled.
 */
public final class Bench {
    /** Repetitions that begin in the first second do not count: weights are touched, and most loops compiled by then. */
    private static final long WARM_NANOS = 1_000_000_000;

    private final Model model;
    private final BenchOptions options;
    private final Progress progress;

    private Bench(Model model, BenchOptions options, Progress progress) {
        this.model = model;
        this.options = options;
        this.progress = progress;
    }

    /** Runs the tests of {@code options}, for each depth and number of sequences in turn. */
    public static List<BenchResult> run(Model model, BenchOptions options, Progress progress) {
        Bench bench = new Bench(model, options, progress);
        List<BenchResult> results = new ArrayList<>();
        for (int depth : options.depths()) {
            for (int sequences : options.sequences()) {
                results.addAll(bench.run(depth, sequences));
            }
        }
        return results;
    }

    private List<BenchResult> run(int depth, int sequences) {
        List<BenchResult> results = new ArrayList<>();
        String suffix = (sequences == 1 ? "" : "x" + sequences) + (depth == 0 ? "" : "@d" + depth);
        try (Group group = new Group(model, sequences, options.positions())) {
            int prompt = options.prompt();
            if (prompt > 0) {
                Test test = new Test("pp" + prompt + suffix, prompt * sequences, depth, () -> group.forward(0, prompt));
                results.add(new BenchResult(test.name, prompt, 0, depth, sequences, samples(group, test)));
            }
            int generate = options.generate();
            if (generate > 0) {
                Test test = new Test("tg" + generate + suffix, generate * sequences, depth, () -> {
                    for (int i = 0; i < generate; i++) {
                        group.forward(i, i + 1);
                    }
                });
                results.add(new BenchResult(test.name, 0, generate, depth, sequences, samples(group, test)));
            }
        }
        return results;
    }

    /** What is timed, and how many tokens it computes. */
    private record Test(String name, int tokens, int depth, Runnable work) {}

    private List<Double> samples(Group group, Test test) {
        List<Double> samples = new ArrayList<>();
        progress.step(test.name, 0, options.repetitions() + 1L, Progress.Unit.STEPS);
        long warm = System.nanoTime() + WARM_NANOS;
        do {
            nanos(group, test);
        } while (System.nanoTime() < warm);
        for (int i = 0; i < options.repetitions(); i++) {
            progress.step(test.name, i + 1L, options.repetitions() + 1L, Progress.Unit.STEPS);
            samples.add(test.tokens / (nanos(group, test) / 1e9));
        }
        progress.step(test.name, options.repetitions() + 1L, options.repetitions() + 1L, Progress.Unit.STEPS);
        return samples;
    }

    private long nanos(Group group, Test test) {
        goTo(group, test.depth);
        long start = System.nanoTime();
        test.work.run();
        return System.nanoTime() - start;
    }

    /** Recurrent layers cannot go back: they would compute the context again within the measured time. */
    private void goTo(Group group, int depth) {
        boolean recurrent = model.info().config().attention().linear().isPresent();
        group.truncate(recurrent ? 0 : Math.min(depth, group.position()));
        if (group.position() < depth) {
            group.forward(group.position(), depth);
        }
    }
}
