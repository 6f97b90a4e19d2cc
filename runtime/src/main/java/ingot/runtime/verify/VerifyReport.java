package ingot.runtime.verify;

import java.util.List;
import java.util.Optional;

/**
 * What {@link Verifier} found. Definitions of the metrics: docs/verify.md.
 *
 * @param layers one entry per trace point of the golden file, in order; empty without hidden states
 * @param departs name of the first trace point where model and golden part
 * @param checks every threshold that was held against a figure
 * @param scatter (golden, model) pairs of logits, at most {@value #MAX_SCATTER}
 */
public record VerifyReport(
        Thresholds thresholds,
        Overall overall,
        List<PromptResult> prompts,
        List<LayerResult> layers,
        Optional<String> departs,
        List<Check> checks,
        List<Point> scatter) {
    /** Enough for a plot, few enough for a page. */
    public static final int MAX_SCATTER = 3000;

    public VerifyReport {
        prompts = List.copyOf(prompts);
        layers = List.copyOf(layers);
        checks = List.copyOf(checks);
        scatter = List.copyOf(scatter);
    }

    public boolean pass() {
        return checks.stream().allMatch(Check::pass);
    }

    /** The messages of the checks that did not hold. */
    public List<String> failures() {
        return checks.stream().filter(c -> !c.pass()).map(Check::message).toList();
    }

    /**
     * One threshold and one figure.
     *
     * @param name what is checked: {@code prompt 2: NMSE}
     * @param message the figure and the bound in words
     */
    public record Check(String name, boolean pass, String message) {}

    /** Over the logits (or positions) of all prompts together. */
    public record Overall(double nmse, double maxAbs, double meanKld, double p99Kld, double maxKld, double top1) {}

    /**
     * @param kld divergence at each position, in nats
     * @param top1 share of positions whose most likely token agrees
     * @param greedy recomputed and cached continuations together
     */
    public record PromptResult(
            int index, int tokens, double nmse, double maxAbs, List<Double> kld, double top1, Greedy greedy) {
        public PromptResult {
            kld = List.copyOf(kld);
        }

        public double meanKld() {
            return kld.stream().mapToDouble(Double::doubleValue).sum() / kld.size();
        }

        public double maxKld() {
            return kld.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        }
    }

    /**
     * @param matched tokens before the first that differs
     * @param total tokens in the golden continuations
     */
    public record Greedy(int matched, int total) {
        Greedy plus(Greedy other) {
            return new Greedy(matched + other.matched, total + other.total);
        }
    }

    /** Error of one trace point: {@code embed}, {@code layer.I}, {@code final_norm}. */
    public record LayerResult(String name, double nmse) {}

    /** One logit. */
    public record Point(float golden, float model) {}
}
