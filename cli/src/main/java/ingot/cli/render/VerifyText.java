package ingot.cli.render;

import ingot.runtime.verify.VerifyReport;
import java.util.ArrayList;
import java.util.List;

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
        Table prompts = new Table().text(PromptRows.HEADS.getFirst());
        PromptRows.HEADS.stream().skip(1).forEach(prompts::number);
        report.prompts().forEach(p -> prompts.row(PromptRows.of(p)));
        int tokens = report.prompts().stream()
                .mapToInt(VerifyReport.PromptResult::tokens)
                .sum();
        List<String> all = new ArrayList<>(List.of("all", Integer.toString(tokens)));
        all.addAll(PromptRows.of(report.overall()));
        all.add("");
        prompts.row(all);
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
}
