package ingot.cli.render;

import ingot.cli.render.Plot.Range;
import ingot.cli.render.Plot.Size;
import ingot.formats.io.Folders;
import ingot.quant.CalibrationResult;
import ingot.quant.CodeStatistics;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import ingot.quant.allocation.Allocation;
import ingot.runtime.Version;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** The HTML report of {@code ingot convert}: well-formed XML, one file. */
public final class ConvertHtml {
    /** Rows of a table that is shown unasked. */
    private static final int SHOWN = 12;

    /** Types whose histograms are shown unasked. */
    private static final int OPEN_TYPES = 3;

    private ConvertHtml() {}

    public static String of(ConvertView view) {
        ConvertResult result = view.result();
        HtmlPage page = new HtmlPage("Ingot: " + Folders.name(result.output()));
        page.html("<h1>" + Markup.escape(Folders.name(result.output())) + "</h1>");
        page.html("<p class=\"muted\">" + Markup.escape(subtitle(view)) + "</p>");
        page.html("<div class=\"cards four\">" + String.join("", cards(view)) + "</div>");
        if (!view.warnings().isEmpty()) {
            page.section("Warnings", "", list(view.warnings()));
        }
        page.section("How it was made", "", facts(MadeBy.facts(result.options())));
        page.section(
                "Loss against bits", KldPlot.NOTE, KldPlot.of(result.bitsPerWeight(), kld(view), predicted(result)));
        page.section(
                "Size by type", "weights with their scales; the rest of the file is tokenizer and header", sizes(view));
        result.allocation()
                .ifPresent(plan -> page.section("The plan", planned(plan, result), plan(plan, view.dryRun())));
        List<TensorRow> rows = TensorRow.of(view);
        if (!view.dryRun()) {
            page.section(
                    "Bits and error per matrix",
                    "what was rounded, in the order in which a forward pass uses it; the experts of a layer together, with their"
                            + " greatest errors",
                    TensorCharts.of(rounded(rows).stream()
                            .map(r -> new TensorCharts.Mark(r.name(), r.bits(), r.nmse(), r.weightedError()))
                            .toList()));
            page.pair(worst(Worst.of(result.tensors())));
        }
        page.html(codes(rows));
        result.calibration().ifPresent(c -> calibration(page, c, result));
        if (!view.dryRun()) {
            page.section("All matrices", "", tensors(rows));
        }
        page.html("<p class=\"muted\">" + definitions() + "</p>");
        return page.render();
    }

    private static String subtitle(ConvertView view) {
        ConvertResult result = view.result();
        String what = view.dryRun() ? "a plan, nothing written" : "written in " + Format.duration(view.took());
        return "from " + view.source() + " · method " + result.method() + " · " + what;
    }

    private static List<String> cards(ConvertView view) {
        ConvertResult result = view.result();
        List<String> cards = new ArrayList<>();
        cards.add(HtmlPage.card(Format.fixed(result.bitsPerWeight(), 2), "bits per weight"));
        cards.add(HtmlPage.card(Format.bytes(result.bytes()), view.dryRun() ? "weights" : "file"));
        cards.add(HtmlPage.card(Format.count(result.parameters()), "parameters"));
        view.evaluation().ifPresent(e -> {
            var d = e.scores().divergence().orElseThrow();
            cards.add(HtmlPage.card(
                    divergence(d.kld().mean().value()),
                    "± " + divergence(d.kld().mean().error()) + " mean KLD, nats"));
            cards.add(HtmlPage.card(Format.percent(d.sameTop1().value()), "same top-1 as the source"));
        });
        predicted(result).ifPresent(kld -> cards.add(HtmlPage.card(divergence(kld), "predicted mean KLD, nats")));
        Worst worst = Worst.of(result.tensors());
        if (worst.byWeightedError().isEmpty() && !worst.byNmse().isEmpty()) {
            double nmse = worst.byNmse().getFirst().nmse().orElseThrow();
            cards.add(HtmlPage.card(Format.scientific(nmse), "worst NMSE of a tensor"));
        }
        if (!worst.byWeightedError().isEmpty()) {
            double error = worst.byWeightedError().getFirst().weightedError().orElseThrow();
            cards.add(HtmlPage.card(Format.scientific(error), "worst weighted error"));
        }
        ConvertJson.peakResidentBytes().ifPresent(n -> cards.add(HtmlPage.card(Format.bytes(n), "peak memory")));
        return cards;
    }

    /** As the tables of the field have it, unless that would be mostly zeros. */
    private static String divergence(double nats) {
        return nats >= 1e-5 ? Format.fixed(nats, nats < 1e-3 ? 6 : 5) : Format.scientific(nats);
    }

    private static OptionalDouble kld(ConvertView view) {
        return view.evaluation()
                .map(e -> OptionalDouble.of(
                        e.scores().divergence().orElseThrow().kld().mean().value()))
                .orElse(OptionalDouble.empty());
    }

    private static OptionalDouble predicted(ConvertResult result) {
        return result.allocation().map(a -> OptionalDouble.of(a.damage())).orElse(OptionalDouble.empty());
    }

    private static String sizes(ConvertView view) {
        List<TypeSum> sums = TypeSum.of(view.result().tensors());
        double most = sums.stream().mapToLong(TypeSum::bytes).max().orElse(1);
        double all = Math.max(1, sums.stream().mapToLong(TypeSum::bytes).sum());
        StringBuilder out = new StringBuilder("<div class=\"bars\">\n");
        for (TypeSum sum : sums) {
            out.append("<span>")
                    .append(Markup.escape(sum.type()))
                    .append("</span><i style=\"width:")
                    .append(Format.fixed(100 * sum.bytes() / most, 1))
                    .append("%\"></i><span>")
                    .append(Format.bytes(sum.bytes()))
                    .append(" · ")
                    .append(Format.percent(sum.bytes() / all))
                    .append("</span>\n");
        }
        out.append("</div>\n");
        return out + HtmlPage.table(TypeSum.heads(sums), TypeSum.cells(sums));
    }

    private static String planned(Allocation plan, ConvertResult result) {
        return "types chosen for " + plan.budget() + ": " + Format.fixed(8.0 * plan.bytes() / result.parameters(), 3)
                + " bits per weight, predicted mean KLD " + Format.scientific(plan.damage());
    }

    /** @param alone no chart of the bits is going to follow */
    private static String plan(Allocation plan, boolean alone) {
        List<Allocation.Choice> choices = plan.choices();
        double most = choices.stream().mapToDouble(AllocationFormat::bits).max().orElse(1);
        Plot bits =
                Plot.linear(Size.FULL, "matrix", Range.slots(choices.size()), "bits per weight", new Range(0, most));
        double[] damages =
                choices.stream().mapToDouble(Allocation.Choice::damage).toArray();
        Plot damage = Plot.logarithmic(
                Size.FULL, "matrix", Range.slots(choices.size()), "predicted KLD", Range.positive(damages));
        for (int i = 0; i < choices.size(); i++) {
            Allocation.Choice choice = choices.get(i);
            String tip = choice.group().name() + ": " + choice.layout().describe() + ", predicted KLD "
                    + Format.scientific(choice.damage());
            bits.bar(i, 0.8, AllocationFormat.bits(choice), tip);
            damage.point(i, choice.damage(), "s0", tip);
        }
        return "<div class=\"plan\">" + HtmlPage.table(AllocationFormat.HEADS, AllocationFormat.kinds(plan)) + "</div>"
                + (alone ? bits.render("bits of the plan") : "")
                + damage.render("predicted divergence of each matrix");
    }

    /** Matrices that were left alone would only hide the others. */
    private static List<TensorRow> rounded(List<TensorRow> rows) {
        List<TensorRow> some = rows.stream()
                .filter(r -> r.codes().isPresent() || r.nmse().orElse(0) > 0)
                .toList();
        return some.isEmpty() ? rows : some;
    }

    private static List<String> worst(Worst worst) {
        List<String> sections = new ArrayList<>();
        if (!worst.byWeightedError().isEmpty()) {
            sections.add(worst("Worst by weighted error", "weighted error", worst.byWeightedError(), true));
        }
        if (!worst.byNmse().isEmpty()) {
            sections.add(worst("Worst by NMSE", "NMSE", worst.byNmse(), false));
        }
        return sections;
    }

    private static String worst(String heading, String error, List<TensorResult> tensors, boolean weighted) {
        List<List<String>> rows = tensors.stream()
                .map(t -> List.of(
                        t.name(), t.type(), Format.scientific((weighted ? t.weightedError() : t.nmse()).orElseThrow())))
                .toList();
        String table = HtmlPage.table(List.of("tensor", "type", error), rows);
        return HtmlPage.sectionOf(heading, "", "<div class=\"names\">" + table + "</div>");
    }

    /** Histograms of codes and scales by type. */
    private static String codes(List<TensorRow> rows) {
        Map<String, CodeStatistics> byType = new LinkedHashMap<>();
        rows.forEach(r -> r.codes().ifPresent(c -> byType.merge(r.type(), c, CodeStatistics::plus)));
        StringBuilder out = new StringBuilder();
        byType.forEach((type, codes) -> out.append(HtmlPage.pairOf(CodeCharts.ofType(type, codes))));
        return byType.size() <= OPEN_TYPES
                ? out.toString()
                : "<details><summary>codes and scales of " + byType.size() + " types</summary>" + out + "</details>";
    }

    private static void calibration(HtmlPage page, CalibrationResult calibration, ConvertResult result) {
        if (!calibration.experts().isEmpty()) {
            page.section(
                    "Experts",
                    "tokens of the calibration set that each expert saw; below " + calibration.leastTokens()
                            + " its matrices are rounded to nearest",
                    ExpertMap.of(calibration));
        }
        List<List<String>> facts = new ArrayList<>();
        for (Map.Entry<String, JsonNode> e : calibration.set().properties()) {
            facts.add(List.of(e.getKey().replace('_', ' '), e.getValue().asString()));
        }
        List<List<String>> remarks = result.tensors().stream()
                .filter(t -> !t.rounding().remark().isEmpty())
                .map(t -> List.of(t.name(), t.rounding().remark()))
                .toList();
        page.section("Calibration", "what was looked at; part of the file's provenance", facts(facts));
        String usual = switch (result.method()) {
            case "rtn" -> "The text was used to choose types or transforms; numbers were rounded to nearest.";
            case "imatrix" -> "Numbers were rounded to nearest, errors counting by the mean square of their inputs.";
            default -> "Every matrix that was calibrated was rounded with error feedback and the usual damping.";
        };
        String shown = remarks.isEmpty()
                ? "<p>" + usual + "</p>"
                : folded(
                        remarks.size() + " matrices",
                        HtmlPage.table(List.of("matrix", "remark"), remarks),
                        remarks.size());
        page.section("Damping and fallbacks", "", shown);
    }

    private static String facts(List<List<String>> rows) {
        return "<div class=\"facts\">" + HtmlPage.table(List.of("what", "value"), rows) + "</div>";
    }

    private static String folded(String summary, String table, int rows) {
        String open = rows > SHOWN ? "" : " open=\"open\"";
        return "<details" + open + "><summary>" + summary + "</summary><div class=\"names\">" + table
                + "</div></details>";
    }

    private static String tensors(List<TensorRow> rows) {
        List<List<String>> cells = new ArrayList<>();
        for (TensorRow r : rows) {
            Optional<CodeStatistics> codes = r.codes();
            String count = r.tensors().size() == 1 ? "" : " ×" + r.tensors().size();
            cells.add(List.of(
                    HtmlPage.name(r.name()) + count,
                    Markup.escape(r.type()),
                    Format.count(r.weights()),
                    Format.fixed(r.bits(), 2),
                    Format.scientific(r.nmse()),
                    Format.scientific(r.weightedError()),
                    codes.map(c -> Format.percent(c.saturation())).orElse("–"),
                    codes.map(c -> CodeCharts.spark(c.codes(), "")).orElse(""),
                    codes.map(c -> CodeCharts.spark(c.scales(), "2^")).orElse("")));
        }
        return "<div class=\"names\">"
                + HtmlPage.tableOf(
                        List.of(
                                "matrix",
                                "type",
                                "weights",
                                "bits",
                                "NMSE",
                                "weighted error",
                                "saturation",
                                "codes",
                                "scales"),
                        cells)
                + "</div>";
    }

    private static String list(List<String> lines) {
        StringBuilder out = new StringBuilder("<ul>");
        lines.forEach(l -> out.append("<li>").append(Markup.escape(l)).append("</li>"));
        return out.append("</ul>").toString();
    }

    private static String definitions() {
        return "Ingot " + Version.NUMBER + ". NMSE = mean((stored − source)²) ÷ mean((source − mean)²) of the weights."
                + " Weighted error = tr(E·H·Eᵀ) ÷ tr(W·H·Wᵀ), H = Σ x·xᵀ over the calibration set, E the error of the"
                + " weights W: the share of the outputs' energy that is error. Saturation = share of codes that are the lowest"
                + " or highest of the grid; the weight of largest magnitude in each group is there by design. Scales are"
                + " counted by powers of two.";
    }
}
