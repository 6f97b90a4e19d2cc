package ingot.cli.render;

import ingot.cli.render.Plot.Range;
import ingot.cli.render.Plot.Side;
import ingot.cli.render.Plot.Size;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** Divergence against bits: this conversion among those of the reference model. */
final class KldPlot {
    static final String NOTE =
            "mean KL divergence from the unquantized model over bits per weight; down and left is better."
                    + " The two lines were measured on the small trained model that comes with Ingot (qwen3-6m-gutenberg, windows of"
                    + " 256 tokens) and are a measure for the eye: other models and texts lie elsewhere.";

    private KldPlot() {}

    /**
     * @param bits of this conversion
     * @param measured its divergence, if it was evaluated
     * @param predicted what a plan for a budget expects of it
     */
    static String of(double bits, OptionalDouble measured, OptionalDouble predicted) {
        List<Double> xs = new ArrayList<>(List.of(bits));
        List<Double> ys = new ArrayList<>();
        for (List<ReferencePoints> points : List.of(ReferencePoints.PEER, ReferencePoints.OURS)) {
            points.forEach(p -> {
                xs.add(p.bits());
                ys.add(p.kld());
            });
        }
        measured.ifPresent(ys::add);
        predicted.ifPresent(ys::add);
        double[] klds = ys.stream().mapToDouble(Double::doubleValue).toArray();
        double low = Math.floor(xs.stream().mapToDouble(x -> x).min().orElse(0));
        double high = Math.ceil(xs.stream().mapToDouble(x -> x).max().orElse(1));
        Plot plot = Plot.logarithmic(
                Size.TALL, "bits per weight", new Range(low, high), "mean KLD, nats", Range.positive(klds));
        line(plot, ReferencePoints.PEER, "s1");
        line(plot, ReferencePoints.OURS, "s0");
        predicted.ifPresent(kld -> {
            plot.mark(bits, kld, "hollow", "predicted for this conversion: " + figures(bits, kld));
            if (measured.isEmpty()) {
                plot.name(bits, kld, "this plan, predicted", Side.RIGHT);
            }
        });
        measured.ifPresent(kld -> {
            plot.mark(bits, kld, "own", "this conversion: " + figures(bits, kld));
            plot.name(bits, kld, "this model", Side.RIGHT);
        });
        StringBuilder key = new StringBuilder("<p>")
                .append(HtmlPage.key("k1", "llama.cpp, reference model"))
                .append(HtmlPage.key("k0", "Ingot, reference model"));
        if (measured.isPresent()) {
            key.append(HtmlPage.key("kown", "this conversion, measured"));
        }
        if (predicted.isPresent()) {
            key.append(HtmlPage.key("khollow", "this conversion, predicted by its plan"));
        }
        if (measured.isEmpty() && predicted.isEmpty()) {
            key.append(
                            "<span class=\"muted\">this model is not measured (convert --evaluate TEXT, or perplexity --against); it has ")
                    .append(Format.fixed(bits, 2))
                    .append(" bits per weight</span>");
        }
        return key.append("</p>\n") + plot.render("KL divergence against bits per weight");
    }

    private static void line(Plot plot, List<ReferencePoints> points, String cssClass) {
        plot.line(
                points.stream().mapToDouble(ReferencePoints::bits).toArray(),
                points.stream().mapToDouble(ReferencePoints::kld).toArray(),
                cssClass);
        for (ReferencePoints p : points) {
            plot.point(p.bits(), p.kld(), cssClass, p.name() + ": " + figures(p.bits(), p.kld()));
            plot.name(p.bits(), p.kld(), p.name(), p.side());
        }
    }

    private static String figures(double bits, double kld) {
        return Format.fixed(bits, 2) + " bits per weight, mean KLD " + Format.scientific(kld);
    }
}
