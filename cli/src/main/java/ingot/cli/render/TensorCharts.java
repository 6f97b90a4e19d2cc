package ingot.cli.render;

import ingot.cli.render.Plot.Range;
import ingot.cli.render.Plot.Size;
import java.util.List;
import java.util.OptionalDouble;

/** Bits and errors of matrices over their place in the file. */
final class TensorCharts {
    private TensorCharts() {}

    /** @param weighted error of its outputs on a calibration set */
    record Mark(String name, double bits, OptionalDouble nmse, OptionalDouble weighted) {
        private String tip() {
            return name + ": " + Format.fixed(bits, 2) + " bits"
                    + (nmse.isPresent() ? ", NMSE " + Format.scientific(nmse.getAsDouble()) : "")
                    + (weighted.isPresent() ? ", weighted error " + Format.scientific(weighted.getAsDouble()) : "");
        }
    }

    static String of(List<Mark> marks) {
        double bits = marks.stream().mapToDouble(Mark::bits).max().orElse(1);
        Range slots = Range.slots(marks.size());
        Plot first = Plot.linear(Size.FULL, "tensor", slots, "bits per weight", new Range(0, bits));
        for (int i = 0; i < marks.size(); i++) {
            first.bar(i, 0.8, marks.get(i).bits(), marks.get(i).tip());
        }
        double[] errors = marks.stream()
                .flatMap(m -> List.of(m.nmse(), m.weighted()).stream())
                .mapToDouble(e -> e.orElse(0))
                .toArray();
        Range range = Range.positive(errors);
        if (range.high() == 0) {
            return first.render("bits per tensor");
        }
        Plot second = Plot.logarithmic(Size.FULL, "tensor", slots, "error", range);
        boolean known = false;
        for (int i = 0; i < marks.size(); i++) {
            Mark mark = marks.get(i);
            known |= mark.weighted().isPresent();
            point(second, i, mark.nmse(), "s1", mark);
            point(second, i, mark.weighted(), "s0", mark);
        }
        String key = known
                ? HtmlPage.key("k1", "NMSE of the weights") + HtmlPage.key("k0", "error of the outputs, weighted")
                : HtmlPage.key("k1", "NMSE of the weights");
        return first.render("bits per tensor") + "<p>" + key + "</p>" + second.render("error per tensor");
    }

    private static void point(Plot plot, int i, OptionalDouble error, String cssClass, Mark mark) {
        if (error.orElse(0) > 0) {
            plot.point(i, error.getAsDouble(), cssClass, mark.tip());
        }
    }
}
