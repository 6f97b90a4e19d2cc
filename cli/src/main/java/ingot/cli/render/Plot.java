package ingot.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A small chart as inline SVG: axes, ticks, marks with tooltips. Colours come from the page's CSS variables, so it
 * follows light and dark.
 */
final class Plot {
    /** Size in CSS pixels at which text has its natural size: a column of two, or the whole width. */
    enum Size {
        HALF(480, 300),
        FULL(1000, 280),
        TALL(1000, 430);

        private final int width;
        private final int height;

        Size(int width, int height) {
            this.width = width;
            this.height = height;
        }
    }

    private static final int LEFT = 64;
    private static final int RIGHT = 12;
    private static final int TOP = 12;
    private static final int BOTTOM = 44;

    private final Size size;
    private final String xLabel;
    private final String yLabel;
    private final Axis x;
    private final Axis y;
    private final StringBuilder marks = new StringBuilder();
    private final List<String> xNames = new ArrayList<>();

    /** Values that an axis shows. */
    record Range(double low, double high) {
        /** Room for marks at 0 … n − 1. */
        static Range slots(int n) {
            return new Range(-0.5, n - 0.5);
        }

        /** From the least of the values that is positive to the greatest that is finite; 0 where there is none. */
        static Range positive(double[] values) {
            double least = Double.POSITIVE_INFINITY;
            double most = 0;
            for (double v : values) {
                least = v > 0 ? Math.min(least, v) : least;
                most = Double.isFinite(v) ? Math.max(most, v) : most;
            }
            return new Range(Double.isFinite(least) ? least : 0, most);
        }
    }

    /** On which side of its point a name stands. */
    enum Side {
        LEFT("end", -8, 4),
        RIGHT("start", 8, 4),
        ABOVE("middle", 0, -9),
        BELOW("middle", 0, 17);

        private final String anchor;
        private final int dx;
        private final int dy;

        Side(String anchor, int dx, int dy) {
            this.anchor = anchor;
            this.dx = dx;
            this.dy = dy;
        }
    }

    private Plot(Size size, String xLabel, Axis x, String yLabel, Axis y) {
        this.size = size;
        this.xLabel = xLabel;
        this.x = x;
        this.yLabel = yLabel;
        this.y = y;
    }

    /** Both axes linear. */
    static Plot linear(Size size, String xLabel, Range x, String yLabel, Range y) {
        return new Plot(size, xLabel, axis(x), yLabel, axis(y));
    }

    /**
     * Linear across, logarithmic up, from the power of ten below {@code y} to the one above it; the ends need not be
     * positive.
     */
    static Plot logarithmic(Size size, String xLabel, Range x, String yLabel, Range y) {
        double least = y.low;
        double most = y.high;
        double high = most > 0 && Double.isFinite(most) ? Math.pow(10, Math.ceil(Math.log10(most) + 1e-9)) : 1;
        double low = least > 0 && least < high ? Math.pow(10, Math.floor(Math.log10(least))) : high * 1e-6;
        return new Plot(size, xLabel, axis(x), yLabel, new Axis(Math.max(low, high * 1e-18), high, Axis.Scale.LOG));
    }

    private static Axis axis(Range r) {
        return r.high > r.low
                ? new Axis(r.low, r.high, Axis.Scale.LINEAR)
                : new Axis(r.low - 0.5, r.low + 0.5, Axis.Scale.LINEAR);
    }

    /** Names instead of numbers under the integers 0, 1, 2 … of the horizontal axis; some are left out to fit. */
    Plot names(List<String> names) {
        xNames.addAll(names);
        return this;
    }

    Plot point(double px, double py, String cssClass, String tip) {
        return circle(px, py, 3, cssClass, tip);
    }

    /** A large point. */
    Plot mark(double px, double py, String cssClass, String tip) {
        return circle(px, py, 7, cssClass, tip);
    }

    private Plot circle(double px, double py, int radius, String cssClass, String tip) {
        marks.append(String.format(
                Locale.ROOT,
                "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\">",
                cssClass,
                left(px),
                top(py),
                radius));
        marks.append(title(tip)).append("</circle>\n");
        return this;
    }

    /** A name beside a point. */
    Plot name(double px, double py, String name, Side side) {
        text(marks, left(px) + side.dx, top(py) + side.dy, side.anchor, name);
        return this;
    }

    /** Without tooltip: for clouds. */
    Plot dot(double px, double py) {
        marks.append(String.format(
                Locale.ROOT, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"1.6\"/>\n", left(px), top(py)));
        return this;
    }

    Plot bar(double px, double width, double py, String tip) {
        double from = left(px - width / 2);
        double to = left(px + width / 2);
        double above = top(py);
        double floor = size.height - BOTTOM;
        marks.append(String.format(
                Locale.ROOT,
                "<rect class=\"bar\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\">",
                from,
                above,
                Math.max(0.5, to - from),
                Math.max(0.8, floor - above)));
        marks.append(title(tip)).append("</rect>\n");
        return this;
    }

    Plot line(double[] xs, double[] ys, String cssClass) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < xs.length; i++) {
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", left(xs[i]), top(ys[i])));
        }
        marks.append("<polyline class=\"" + cssClass + "\" points=\""
                + points.toString().strip() + "\"/>\n");
        return this;
    }

    private double left(double v) {
        return LEFT + x.at(v) * (size.width - LEFT - RIGHT);
    }

    private double top(double v) {
        return size.height - BOTTOM - y.at(v) * (size.height - TOP - BOTTOM);
    }

    private static String title(String tip) {
        return "<title>" + Markup.escape(tip) + "</title>";
    }

    /** @param name read by screen readers */
    String render(String name) {
        StringBuilder out = new StringBuilder();
        boolean wide = size != Size.HALF;
        out.append(wide ? "<div class=\"scroll\">" : "");
        out.append("<svg" + (wide ? " class=\"wide\"" : "") + " viewBox=\"0 0 " + size.width + " " + size.height
                + "\" role=\"img\" aria-label=\"" + Markup.escape(name) + "\">\n");
        for (double tick : y.ticks()) {
            double t = top(tick);
            out.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    LEFT,
                    size.width - RIGHT,
                    t,
                    t));
            text(out, LEFT - 6, t + 4, "end", label(tick, y.scale()));
        }
        xTicks(out);
        out.append("<g>\n" + marks + "</g>\n");
        out.append(String.format(
                Locale.ROOT,
                "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>",
                LEFT,
                size.width - RIGHT,
                size.height - BOTTOM,
                size.height - BOTTOM));
        text(out, (LEFT + size.width - RIGHT) / 2.0, size.height - 6, "middle", xLabel);
        out.append(String.format(
                Locale.ROOT,
                "<text class=\"label\" transform=\"translate(13 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
                (size.height - BOTTOM + TOP) / 2,
                Markup.escape(yLabel)));
        return out.append(wide ? "\n</svg></div>" : "\n</svg>").toString();
    }

    private void xTicks(StringBuilder out) {
        double below = size.height - BOTTOM + 17;
        if (xNames.isEmpty()) {
            x.ticks().forEach(t -> text(out, left(t), below, "middle", label(t, x.scale())));
            return;
        }
        int widest = xNames.stream().mapToInt(String::length).max().orElse(1);
        int fit = Math.max(2, (size.width - LEFT - RIGHT) / (7 * widest + 10));
        int every = Math.max(1, (xNames.size() + fit - 1) / fit);
        for (int i = 0; i < xNames.size(); i += every) {
            text(out, left(i), below, "middle", xNames.get(i));
        }
    }

    private static void text(StringBuilder out, double tx, double ty, String anchor, String s) {
        out.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                tx,
                ty,
                anchor,
                Markup.escape(s)));
    }

    private static String label(double v, Axis.Scale scale) {
        if (scale == Axis.Scale.LOG) {
            long exponent = Math.round(Math.log10(v));
            return exponent >= -3 && exponent <= 4 ? plain(v) : "1e" + exponent;
        }
        return Math.abs(v) >= 1e5 || (v != 0 && Math.abs(v) < 1e-3) ? Format.scientific(v) : plain(v);
    }

    private static String plain(double v) {
        // Ticks are short decimals; six places remove the rounding of repeated addition.
        String s = Format.fixed(v, 6);
        return s.replaceAll("(?<!0)0+$", "").replaceAll("\\.$", "");
    }
}
