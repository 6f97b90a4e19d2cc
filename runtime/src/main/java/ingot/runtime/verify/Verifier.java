package ingot.runtime.verify;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.verify.VerifyReport.Check;
import ingot.runtime.verify.VerifyReport.Greedy;
import ingot.runtime.verify.VerifyReport.LayerResult;
import ingot.runtime.verify.VerifyReport.Overall;
import ingot.runtime.verify.VerifyReport.Point;
import ingot.runtime.verify.VerifyReport.PromptResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** Runs a model over the prompts of a golden file and compares everything the file holds. */
public final class Verifier {
    /** A trace point whose error is this many times that of the one before it is where a model departs. */
    private static final double JUMP = 10;

    /** Tokens of prompts that are computed together. */
    private static final int GROUP = 512;

    private final Subject subject;
    private final GoldenFile golden;
    private final Progress progress;
    private final ErrorSum all = new ErrorSum();
    private final List<Point> scatter = new ArrayList<>();
    private final long scatterStride;

    private Verifier(Subject subject, GoldenFile golden, Progress progress) {
        this.subject = subject;
        this.golden = golden;
        this.progress = progress;
        long logits = 0;
        for (GoldenPrompt p : golden.prompts()) {
            logits += (long) p.length() * golden.vocabSize();
        }
        // A prime-like odd stride visits every token id before long, whatever the vocabulary's factors.
        this.scatterStride = Math.max(1, logits / VerifyReport.MAX_SCATTER + 1) | 1;
    }

    /**
     * @throws IngotException.ConfigMismatch when the golden file belongs to a model of another vocabulary
     * @throws IngotException.BadData when a golden logit is not a number
     */
    public static VerifyReport verify(Subject subject, GoldenFile golden, Thresholds thresholds, Progress progress) {
        if (subject.vocabSize() != golden.vocabSize()) {
            throw IngotException.ConfigMismatch.in(
                    golden.origin(),
                    "golden logits over " + golden.vocabSize() + " tokens, but the model has a vocabulary of "
                            + subject.vocabSize() + "; the file belongs to another model");
        }
        return new Verifier(subject, golden, progress).run(thresholds);
    }

    private VerifyReport run(Thresholds thresholds) {
        List<PromptResult> prompts = new ArrayList<>();
        List<LayerResult> layers = new ArrayList<>();
        long total = golden.prompts().stream().mapToLong(Verifier::work).sum();
        long done = 0;
        for (List<GoldenPrompt> group : groups()) {
            progress.step("verifying", done, total, Progress.Unit.TOKENS);
            prompts.addAll(compare(group));
            for (GoldenPrompt prompt : group) {
                if (layers.isEmpty() && !prompt.hidden().isEmpty()) {
                    layers.addAll(trace(prompt));
                }
                done += work(prompt);
            }
        }
        progress.step("verifying", total, total, Progress.Unit.TOKENS);
        Overall overall = overall(prompts);
        return new VerifyReport(
                thresholds,
                overall,
                prompts,
                layers,
                departure(
                        layers,
                        thresholds.maxNmse().orElse(Thresholds.EXACT.maxNmse().getAsDouble())),
                checks(thresholds, overall, prompts),
                scatter);
    }

    /** Tokens that go through the model for a prompt. */
    private static long work(GoldenPrompt p) {
        long n = p.greedyIds().length;
        return p.length() + n * p.length() + n * (n + 1) / 2 + p.length() + p.greedyIdsCached().length;
    }

    /** Prompts one after the other, several together while they are short. */
    private List<List<GoldenPrompt>> groups() {
        List<List<GoldenPrompt>> groups = new ArrayList<>();
        int tokens = GROUP;
        for (GoldenPrompt prompt : golden.prompts()) {
            if (tokens + prompt.length() > GROUP) {
                groups.add(new ArrayList<>());
                tokens = 0;
            }
            groups.getLast().add(prompt);
            tokens += prompt.length();
        }
        return groups;
    }

    /** What is found of one prompt. */
    private static final class Found {
        private final ErrorSum error = new ErrorSum();
        private final List<Double> kld = new ArrayList<>();
        private int agreed;
    }

    private List<PromptResult> compare(List<GoldenPrompt> prompts) {
        List<Found> found = prompts.stream().map(p -> new Found()).toList();
        float[] expected = new float[golden.vocabSize()];
        List<int[]> texts = prompts.stream().map(GoldenPrompt::inputIds).toList();
        subject.logits(texts, (text, position, logits) -> {
            GoldenPrompt prompt = prompts.get(text);
            Found here = found.get(text);
            golden.readLogits(prompt, position, expected);
            here.error.add(logits, expected);
            here.kld.add(Distributions.klDivergence(expected, logits));
            if (Distributions.argmax(expected) == Distributions.argmax(logits)) {
                here.agreed++;
            }
            sample(((long) prompt.index() << 20) + position, expected, logits);
        });
        List<Greedy> recomputed = GreedyTexts.recomputed(subject, prompts);
        List<PromptResult> results = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            GoldenPrompt prompt = prompts.get(i);
            Found here = found.get(i);
            if (here.kld.size() != prompt.length()) {
                throw new IllegalStateException(
                        here.kld.size() + " positions came back for " + prompt.length() + " tokens");
            }
            all.add(here.error);
            results.add(new PromptResult(
                    prompt.index(),
                    prompt.length(),
                    here.error.nmse(),
                    here.error.maxAbs(),
                    here.kld,
                    (double) here.agreed / prompt.length(),
                    recomputed.get(i).plus(GreedyTexts.cached(subject, prompt))));
        }
        return results;
    }

    private void sample(long row, float[] expected, float[] logits) {
        long first = (row * 7919) % scatterStride;
        for (long i = first; i < expected.length && scatter.size() < VerifyReport.MAX_SCATTER; i += scatterStride) {
            scatter.add(new Point(expected[(int) i], logits[(int) i]));
        }
    }

    private List<LayerResult> trace(GoldenPrompt prompt) {
        Map<String, ErrorSum> sums = new LinkedHashMap<>();
        prompt.hidden().keySet().forEach(name -> sums.put(name, new ErrorSum()));
        float[] expected = new float[golden.hiddenSize(prompt)];
        subject.trace(prompt.inputIds(), (name, position, hidden) -> {
            ErrorSum sum = sums.get(name);
            if (sum != null) {
                if (hidden.length != expected.length) {
                    throw IngotException.ConfigMismatch.in(
                            golden.origin(),
                            "golden hidden states are " + expected.length + " wide, the model's " + hidden.length);
                }
                golden.readHidden(prompt, name, position, expected);
                sum.add(hidden, expected);
            }
        });
        List<LayerResult> layers = new ArrayList<>();
        sums.forEach((name, sum) -> {
            if (sum.count() != (long) prompt.length() * expected.length) {
                throw IngotException.ConfigMismatch.in(
                        golden.origin(), "golden hidden state '" + name + "' has no counterpart in the model");
            }
            layers.add(new LayerResult(name, sum.nmse()));
        });
        return layers;
    }

    private Overall overall(List<PromptResult> prompts) {
        double[] kld = prompts.stream()
                .flatMapToDouble(p -> p.kld().stream().flatMapToDouble(DoubleStream::of))
                .toArray();
        double agreed = prompts.stream().mapToDouble(p -> p.top1() * p.tokens()).sum();
        double[] sorted = Quantiles.sorted(kld);
        return new Overall(
                all.nmse(),
                all.maxAbs(),
                Quantiles.mean(kld),
                Quantiles.of(sorted, 0.99),
                sorted[sorted.length - 1],
                agreed / kld.length);
    }

    /**
     * The first trace point whose NMSE is above {@code tolerance} and more than ten times that of the point before it;
     * when the error grows without such a jump, the first above {@code tolerance}.
     */
    static Optional<String> departure(List<LayerResult> layers, double tolerance) {
        double before = 0;
        Optional<String> above = Optional.empty();
        for (LayerResult layer : layers) {
            // Written so that NaN departs.
            boolean over = !(layer.nmse() <= tolerance);
            if (over && !(layer.nmse() <= JUMP * before)) {
                return Optional.of(layer.name());
            }
            if (over && above.isEmpty()) {
                above = Optional.of(layer.name());
            }
            before = layer.nmse();
        }
        return above;
    }

    private static List<Check> checks(Thresholds t, Overall overall, List<PromptResult> prompts) {
        List<Check> checks = new ArrayList<>();
        for (PromptResult p : prompts) {
            // Comparisons are written so that NaN fails.
            double max = t.maxNmse().orElse(Double.MAX_VALUE);
            String bound = t.maxNmse().isPresent() ? text("at most %.3e", max) : "a finite number";
            checks.add(new Check(
                    "prompt " + p.index() + ": NMSE",
                    p.nmse() <= max,
                    text("prompt %d: NMSE is %.3e, expected %s", p.index(), p.nmse(), bound)));
            if (t.greedy() && p.greedy().total() > 0) {
                checks.add(new Check(
                        "prompt " + p.index() + ": greedy tokens",
                        p.greedy().matched() == p.greedy().total(),
                        text(
                                "prompt %d: %d of %d greedy tokens match, expected all",
                                p.index(), p.greedy().matched(), p.greedy().total())));
            }
        }
        t.minTop1()
                .ifPresent(min -> checks.add(new Check(
                        "top-1 agreement",
                        overall.top1() >= min,
                        text("top-1 agreement is %.4f, expected at least %.4f", overall.top1(), min))));
        t.maxKld()
                .ifPresent(max -> checks.add(new Check(
                        "mean KL divergence",
                        overall.meanKld() <= max,
                        text("mean KL divergence is %.3e, expected at most %.3e", overall.meanKld(), max))));
        return checks;
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
