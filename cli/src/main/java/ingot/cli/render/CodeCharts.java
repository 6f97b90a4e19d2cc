package ingot.cli.render;

import ingot.cli.render.Plot.Range;
import ingot.cli.render.Plot.Size;
import ingot.quant.CodeStatistics;
import ingot.quant.Histogram;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Histograms of codes and scales: large ones for a type, small ones for a matrix. */
final class CodeCharts {
    private static final int SPARK_HEIGHT = 20;

    private CodeCharts() {}

    /** The codes and the scales of all matrices of a type, side by side. */
    static List<String> ofType(String type, CodeStatistics codes) {
        return List.of(
                HtmlPage.sectionOf(
                        "Codes of " + type,
                        Format.percent(codes.saturation()) + " are at an end of the grid",
                        bars(codes.codes(), "code", "code ")),
                HtmlPage.sectionOf(
                        "Scales of " + type,
                        codes.zeroScales() == 0
                                ? "magnitude, by powers of two"
                                : "magnitude, by powers of two; " + Format.count(codes.zeroScales()) + " are zero",
                        bars(codes.scales(), "⌊log₂ |scale|⌋", "2^")));
    }

    private static String bars(Histogram histogram, String label, String prefix) {
        List<Long> counts = histogram.counts();
        double total = Math.max(1, histogram.total());
        double most = counts.stream().mapToLong(Long::longValue).max().orElse(1) / total;
        Plot plot = Plot.linear(Size.HALF, label, Range.slots(counts.size()), "share, %", new Range(0, 100 * most))
                .names(IntStream.range(0, counts.size())
                        .mapToObj(i -> Integer.toString(histogram.first() + i * histogram.width()))
                        .toList());
        for (int i = 0; i < counts.size(); i++) {
            int from = histogram.first() + i * histogram.width();
            String bin =
                    histogram.width() == 1 ? prefix + from : prefix + from + " to " + (from + histogram.width() - 1);
            if (counts.get(i) > 0) {
                plot.bar(i, 0.86, 100 * counts.get(i) / total, bin + ": " + Format.percent(counts.get(i) / total));
            }
        }
        return plot.render("histogram: " + label);
    }

    /** A histogram in a table's cell; its range is its tooltip. */
    static String spark(Histogram histogram, String prefix) {
        List<Long> counts = histogram.counts();
        if (counts.isEmpty()) {
            return "–";
        }
        double most = counts.stream().mapToLong(Long::longValue).max().orElse(1);
        StringBuilder path = new StringBuilder("M0 " + SPARK_HEIGHT);
        for (long count : counts) {
            path.append(String.format(Locale.ROOT, "V%.1fh1", SPARK_HEIGHT * (1 - count / Math.max(1, most))));
        }
        path.append("V").append(SPARK_HEIGHT).append("z");
        int last = histogram.first() + histogram.width() * counts.size() - 1;
        return "<svg class=\"spark\" viewBox=\"0 0 " + counts.size() + " " + SPARK_HEIGHT
                + "\" preserveAspectRatio=\"none\"><title>" + prefix + histogram.first() + " to " + prefix + last
                + "</title><path d=\"" + path + "\"/></svg>";
    }
}
