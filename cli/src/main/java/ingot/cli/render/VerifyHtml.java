package ingot.cli.render;

import ingot.cli.render.Plot.Range;
import ingot.cli.render.Plot.Size;
import ingot.runtime.Version;
import ingot.runtime.WeightInfo;
import ingot.runtime.verify.VerifyReport;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The HTML report of {@code ingot verify}: well-formed XML, one file. */
public final class VerifyHtml {
    /** Lines that stay apart by colour; further prompts share them in turn. */
    private static final int COLOURS = 4;

    /** Something beside the verification, such as speed: a heading, and text or a table. */
    public record Extra(String heading, String note, List<String> heads, List<List<String>> rows, String text) {
        public static Extra table(String heading, String note, List<String> heads, List<List<String>> rows) {
            return new Extra(heading, note, heads, rows, "");
        }

        public static Extra text(String heading, String note, String text) {
            return new Extra(heading, note, List.of(), List.of(), text);
        }
    }

    private VerifyHtml() {}

    public static String of(VerifyView view, List<Extra> extras) {
        VerifyReport report = view.report();
        HtmlPage page = new HtmlPage("Ingot: " + view.model());
        page.html("<h1>" + Markup.escape(view.model()) + "</h1>");
        page.html("<p><span class=\"verdict " + (report.pass() ? "pass\">PASS" : "fail\">FAIL") + "</span> "
                + "<span class=\"muted\">" + Markup.escape(subtitle(view)) + "</span></p>");
        if (!report.pass()) {
            page.html(failures(report));
        }
        VerifyReport.Overall o = report.overall();
        page.html("<div class=\"cards\">"
                + HtmlPage.card(Format.scientific(o.nmse()), "NMSE of the logits")
                + HtmlPage.card(Format.scientific(o.meanKld()), "mean KL divergence, nats")
                + HtmlPage.card(Format.scientific(o.p99Kld()), "99th percentile KLD")
                + HtmlPage.card(Format.percent(o.top1()), "top-1 agreement")
                + HtmlPage.card(Format.scientific(o.maxAbs()), "largest logit error")
                + HtmlPage.card(Format.fixed(view.info().bitsPerWeight(), 2), "bits per weight")
                + "</div>");
        for (Extra e : extras) {
            String content = e.text().isEmpty()
                    ? HtmlPage.table(e.heads(), e.rows())
                    : "<pre>" + Markup.escape(e.text()) + "</pre>";
            page.section(e.heading(), e.note(), content);
        }
        page.section("Prompts", "against " + view.golden(), prompts(report));
        List<String> plots = new ArrayList<>();
        if (!report.layers().isEmpty()) {
            plots.add(HtmlPage.sectionOf("Error per layer", departs(report), layers(report)));
        }
        plots.add(HtmlPage.sectionOf("Logits", "a sample; on the dashed line model and golden agree", scatter(report)));
        page.pair(plots);
        page.section("KL divergence over positions", "", divergence(report));
        page.section(
                "Bits and error per tensor", "matrices, in the order in which a forward pass uses them", tensors(view));
        page.html("<p class=\"muted\">Ingot " + Version.NUMBER + ". NMSE = mean((a − b)²) ÷ mean((b − mean b)²), b the "
                + "golden; KL divergence from golden to model.</p>");
        return page.render();
    }

    private static String subtitle(VerifyView view) {
        var info = view.info();
        return info.architecture() + " · " + Format.count(info.parameters()) + " parameters · " + info.type() + " · "
                + info.backend() + " kernels · KV cache " + info.kvCache().label();
    }

    private static String departs(VerifyReport report) {
        return report.departs()
                .map(name -> "model and golden part at " + name)
                .orElse("NMSE of the residual stream after each layer");
    }

    private static String failures(VerifyReport report) {
        StringBuilder out = new StringBuilder("<ul>");
        report.failures()
                .forEach(f -> out.append("<li>").append(Markup.escape(f)).append("</li>"));
        return out.append("</ul>").toString();
    }

    private static String prompts(VerifyReport report) {
        return HtmlPage.table(
                PromptRows.HEADS, report.prompts().stream().map(PromptRows::of).toList());
    }

    private static String layers(VerifyReport report) {
        List<VerifyReport.LayerResult> layers = report.layers();
        double[] errors =
                layers.stream().mapToDouble(VerifyReport.LayerResult::nmse).toArray();
        double[] xs = new double[errors.length];
        Plot plot = Plot.logarithmic(Size.HALF, "", Range.slots(errors.length), "NMSE", Range.positive(errors))
                .names(layers.stream()
                        .map(l -> l.name().replace("layer.", "").replace("final_norm", "norm"))
                        .toList());
        for (int i = 0; i < errors.length; i++) {
            xs[i] = i;
        }
        plot.line(xs, errors, "s0");
        for (int i = 0; i < errors.length; i++) {
            String name = layers.get(i).name();
            boolean here = report.departs().filter(name::equals).isPresent();
            plot.point(i, errors[i], here ? "s1" : "s0", name + ": " + Format.scientific(errors[i]));
        }
        return plot.render("error per layer");
    }

    private static String scatter(VerifyReport report) {
        double low = 0;
        double high = 0;
        for (VerifyReport.Point p : report.scatter()) {
            low = Math.min(low, Math.min(p.golden(), finite(p.model())));
            high = Math.max(high, Math.max(p.golden(), finite(p.model())));
        }
        Plot plot = Plot.linear(Size.HALF, "golden logit", new Range(low, high), "model logit", new Range(low, high))
                .line(new double[] {low, high}, new double[] {low, high}, "guide");
        report.scatter().forEach(p -> plot.dot(p.golden(), p.model()));
        return plot.render("model logits over golden logits");
    }

    private static double finite(float v) {
        return Float.isFinite(v) ? v : 0;
    }

    private static String divergence(VerifyReport report) {
        int longest = 1;
        double[] all = report.prompts().stream()
                .flatMap(p -> p.kld().stream())
                .mapToDouble(Double::doubleValue)
                .toArray();
        for (VerifyReport.PromptResult p : report.prompts()) {
            longest = Math.max(longest, p.tokens() - 1);
        }
        Plot plot = Plot.logarithmic(Size.FULL, "position", new Range(0, longest), "KLD, nats", Range.positive(all));
        StringBuilder key = new StringBuilder("<p>");
        int colour = 0;
        for (VerifyReport.PromptResult p : report.prompts()) {
            double[] ys = p.kld().stream().mapToDouble(Double::doubleValue).toArray();
            double[] xs = new double[ys.length];
            for (int i = 0; i < xs.length; i++) {
                xs[i] = i;
            }
            if (ys.length == 1) {
                plot.point(0, ys[0], "s" + colour, "prompt " + p.index() + ": " + Format.scientific(ys[0]));
            } else {
                plot.line(xs, ys, "s" + colour);
            }
            if (p.index() < 12) {
                key.append("<span class=\"key\"><i class=\"k" + colour + "\"></i>prompt " + p.index() + "</span>");
            }
            colour = (colour + 1) % COLOURS;
        }
        return key.append("</p>\n") + plot.render("KL divergence over positions");
    }

    private static String tensors(VerifyView view) {
        // Norms and biases are f32 and a fraction of a percent of the bits: they would only hide the matrices.
        List<WeightInfo> weights =
                view.info().weights().stream().filter(w -> w.shape().rank() > 1).toList();
        List<List<String>> rows = new ArrayList<>();
        for (WeightInfo w : weights) {
            String error = w.nmse().isPresent() ? Format.scientific(w.nmse().getAsDouble()) : "–";
            rows.add(List.of(w.name(), w.type(), w.shape().toString(), Format.fixed(w.bits(), 2), error));
        }
        return TensorCharts.of(weights.stream()
                        .map(w -> new TensorCharts.Mark(w.name(), w.bits(), w.nmse(), OptionalDouble.empty()))
                        .toList())
                + "<details><summary>all matrices</summary>"
                + HtmlPage.table(List.of("tensor", "type", "shape", "bits", "NMSE"), rows) + "</details>";
    }
}
