package ingot.cli.render;

import ingot.runtime.verify.VerifyReport;
import java.util.List;

/** What {@code ingot verify} says of the prompts, in cells for each of its forms. */
final class PromptRows {
    static final List<String> HEADS =
            List.of("prompt", "tokens", "NMSE", "max |Δ|", "mean KLD", "max KLD", "top-1", "greedy");

    private PromptRows() {}

    static List<String> of(VerifyReport.PromptResult p) {
        return List.of(
                Integer.toString(p.index()),
                Integer.toString(p.tokens()),
                Format.scientific(p.nmse()),
                Format.scientific(p.maxAbs()),
                Format.scientific(p.meanKld()),
                Format.scientific(p.maxKld()),
                Format.percent(p.top1()),
                greedy(p.greedy()));
    }

    /** The same from NMSE to top-1, of all prompts together. */
    static List<String> of(VerifyReport.Overall o) {
        return List.of(
                Format.scientific(o.nmse()),
                Format.scientific(o.maxAbs()),
                Format.scientific(o.meanKld()),
                Format.scientific(o.maxKld()),
                Format.percent(o.top1()));
    }

    private static String greedy(VerifyReport.Greedy greedy) {
        return greedy.total() == 0 ? "–" : greedy.matched() + "/" + greedy.total();
    }
}
