package ingot.cli.render;

import ingot.runtime.verify.VerifyReport;

/** A summary for CI pages that render Markdown. */
public final class VerifyMarkdown {
    private VerifyMarkdown() {}

    public static String of(VerifyView view) {
        VerifyReport report = view.report();
        StringBuilder out = new StringBuilder();
        out.append("### " + (report.pass() ? "✅" : "❌") + " " + Markup.cell(view.model()) + "\n\n");
        out.append(Markup.cell(view.info().architecture()) + ", " + view.info().type() + ", "
                + Format.fixed(view.info().bitsPerWeight(), 2) + " bits per weight, against "
                + Markup.cell(view.golden()) + "\n\n");
        out.append("| prompt | tokens | NMSE | max \\|Δ\\| | mean KLD | max KLD | top-1 | greedy |\n");
        out.append("|---|--:|--:|--:|--:|--:|--:|--:|\n");
        for (VerifyReport.PromptResult p : report.prompts()) {
            out.append("| " + p.index() + " | " + p.tokens() + " | " + Format.scientific(p.nmse()) + " | "
                    + Format.scientific(p.maxAbs()) + " | " + Format.scientific(p.meanKld()) + " | "
                    + Format.scientific(p.maxKld()) + " | " + Format.percent(p.top1()) + " | "
                    + VerifyText.greedy(p.greedy()) + " |\n");
        }
        VerifyReport.Overall o = report.overall();
        out.append("| **all** | | " + Format.scientific(o.nmse()) + " | " + Format.scientific(o.maxAbs()) + " | "
                + Format.scientific(o.meanKld()) + " | " + Format.scientific(o.maxKld()) + " | "
                + Format.percent(o.top1()) + " | |\n");
        if (!report.pass()) {
            out.append('\n');
            report.failures().forEach(f -> out.append("- " + Markup.cell(f) + "\n"));
            report.departs().ifPresent(name -> out.append("- model and golden part at `" + name + "`\n"));
        }
        return out.toString();
    }
}
