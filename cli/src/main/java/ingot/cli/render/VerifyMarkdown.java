package ingot.cli.render;

import ingot.runtime.verify.VerifyReport;
import java.util.List;

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
        out.append(row(PromptRows.HEADS.stream().map(h -> h.replace("|", "\\|")).toList()));
        out.append("|---|--:|--:|--:|--:|--:|--:|--:|\n");
        report.prompts().forEach(p -> out.append(row(PromptRows.of(p))));
        out.append("| **all** | | " + String.join(" | ", PromptRows.of(report.overall())) + " | |\n");
        if (!report.pass()) {
            out.append('\n');
            report.failures().forEach(f -> out.append("- " + Markup.cell(f) + "\n"));
            report.departs().ifPresent(name -> out.append("- model and golden part at `" + name + "`\n"));
        }
        return out.toString();
    }

    private static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }
}
