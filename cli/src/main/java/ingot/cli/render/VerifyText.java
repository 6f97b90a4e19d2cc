package ingot.cli.render;

import ingot.runtime.verify.VerifyReport;

/** The table of {@code ingot verify}. */
public final class VerifyText {
    private VerifyText() {}

    /** @param layers whether to list the error at every layer */
    public static String of(VerifyView view, boolean layers) {
        VerifyReport report = view.report();
        StringBuilder out = new StringBuilder();
        out.append(view.info().architecture())
                .append(", ")
                .append(view.info().type())
                .append(", ")
                .append(Format.fixed(view.info().bitsPerWeight(), 2))
                .append(" bits per weight, ")
                .append(view.info().backend())
                .append(", KV cache ")
                .append(view.info().kvCache().label())
                .append("\n\n");
        Table prompts = new Table()
                .text("prompt")
                .number("tokens")
                .number("NMSE")
                .number("max |Δ|")
                .number("mean KLD")
                .number("max KLD")
                .number("top-1")
                .number("greedy");
        for (VerifyReport.PromptResult p : report.prompts()) {
            prompts.row(
                    Integer.toString(p.index()),
                    Integer.toString(p.tokens()),
                    Format.scientific(p.nmse()),
                    Format.scientific(p.maxAbs()),
                    Format.scientific(p.meanKld()),
                    Format.scientific(p.maxKld()),
                    Format.percent(p.top1()),
                    greedy(p.greedy()));
        }
        VerifyReport.Overall o = report.overall();
        prompts.row(
                "all",
                Integer.toString(report.prompts().stream()
                        .mapToInt(VerifyReport.PromptResult::tokens)
                        .sum()),
                Format.scientific(o.nmse()),
                Format.scientific(o.maxAbs()),
                Format.scientific(o.meanKld()),
                Format.scientific(o.maxKld()),
                Format.percent(o.top1()),
                "");
        out.append(prompts.render());
        if (layers && !report.layers().isEmpty()) {
            Table table = new Table().text("hidden state").number("NMSE");
            report.layers().forEach(l -> table.row(l.name(), Format.scientific(l.nmse())));
            out.append('\n').append(table.render());
        }
        out.append('\n');
        report.failures().forEach(f -> out.append(f).append('\n'));
        if (!report.pass()) {
            report.departs()
                    .ifPresent(name ->
                            out.append("model and golden part at ").append(name).append('\n'));
        }
        return out.append(report.pass() ? "PASS" : "FAIL").append('\n').toString();
    }

    static String greedy(VerifyReport.Greedy greedy) {
        return greedy.total() == 0 ? "–" : greedy.matched() + "/" + greedy.total();
    }
}
