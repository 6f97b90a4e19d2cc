package ingot.cli.render;

import ingot.quant.CalibrationResult;
import ingot.quant.calibration.LayerExperts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How many tokens each expert was calibrated on: a map of layers and experts, and a row for each layer. */
final class ExpertMap {
    private static final int WIDTH = 1000;
    private static final int LEFT = 64;
    private static final int BOTTOM = 40;

    /** More cells than this have no tooltips: they would make the page heavy. */
    private static final int MOST_TIPS = 8192;

    /** Cells of this width have room for a number. */
    private static final int COUNTED = 48;

    private ExpertMap() {}

    static String of(CalibrationResult calibration) {
        List<LayerExperts> layers = calibration.experts();
        int least = calibration.leastTokens();
        int experts = layers.stream().mapToInt(l -> l.tokens().size()).max().orElse(1);
        double cell = Math.min(84, (double) (WIDTH - LEFT) / experts);
        double height = Math.clamp(cell, 8, 28);
        boolean tips = (long) experts * layers.size() <= MOST_TIPS;
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "<div class=\"scroll\"><svg class=\"wide\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"tokens of each expert\">\n",
                WIDTH,
                height * layers.size() + BOTTOM));
        int every = Math.max(1, (int) Math.ceil(13 / height));
        for (int row = 0; row < layers.size(); row++) {
            LayerExperts layer = layers.get(row);
            if (row % every == 0) {
                text(out, LEFT - 8, height * (row + 0.5) + 4, "end", Integer.toString(layer.layer()));
            }
            double fair = (double) layer.tokens().stream().mapToLong(n -> n).sum()
                    / layer.tokens().size();
            for (int i = 0; i < layer.tokens().size(); i++) {
                int tokens = layer.tokens().get(i);
                out.append(String.format(
                        Locale.ROOT,
                        "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill-opacity=\"%.2f\"",
                        tokens < least ? "few" : "cell",
                        LEFT + cell * i,
                        height * row,
                        cell * 0.92,
                        height * 0.92,
                        tokens < least ? 0.9 : opacity(tokens / Math.max(fair, 1e-9))));
                if (tips) {
                    String tip = "layer " + layer.layer() + ", expert " + i + ": " + tokens + " tokens";
                    out.append("><title>").append(tip).append("</title></rect>\n");
                } else {
                    out.append("/>\n");
                }
                if (cell >= COUNTED) {
                    out.append(String.format(
                            Locale.ROOT,
                            "<text class=\"count\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n",
                            LEFT + cell * (i + 0.46),
                            height * (row + 0.46) + 4,
                            tokens));
                }
            }
        }
        double below = height * layers.size() + 16;
        int step = Math.max(1, (int) Math.ceil(30 / cell));
        for (int i = 0; i < experts; i += step) {
            text(out, LEFT + cell * (i + 0.46), below, "middle", Integer.toString(i));
        }
        text(out, LEFT + cell * experts / 2, below + 18, "middle", "expert");
        text(out, 4, height * layers.size() / 2 + 4, "start", "layer");
        return out.append("</svg></div>\n<p>")
                .append(HtmlPage.key("kfew", "fewer than " + least + " tokens: rounded to nearest"))
                .append(HtmlPage.key("kcell", "the stronger the colour, the larger the share of the layer's tokens"))
                .append("</p>\n")
                .append(table(layers, least))
                .toString();
    }

    /** An even share is in the middle, four times as much or a sixteenth at the ends. */
    private static double opacity(double ofFair) {
        double log = Math.log(Math.max(ofFair, 1e-9)) / Math.log(2);
        return Math.clamp(0.55 + log * 0.15, 0.08, 1);
    }

    private static void text(StringBuilder out, double x, double y, String anchor, String s) {
        out.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, s));
    }

    private static String table(List<LayerExperts> layers, int least) {
        List<List<String>> rows = new ArrayList<>();
        for (LayerExperts layer : layers) {
            List<Integer> sorted = layer.tokens().stream().sorted().toList();
            rows.add(List.of(
                    Integer.toString(layer.layer()),
                    Integer.toString(sorted.size()),
                    Integer.toString(sorted.getFirst()),
                    Integer.toString(sorted.get(sorted.size() / 2)),
                    Integer.toString(sorted.getLast()),
                    Long.toString(sorted.stream().filter(n -> n < least).count())));
        }
        String table = HtmlPage.table(
                List.of("layer", "experts", "fewest tokens", "median", "most tokens", "below the threshold"), rows);
        return "<details" + (rows.size() > 12 ? "" : " open=\"open\"") + "><summary>tokens per layer</summary>" + table
                + "</details>";
    }
}
