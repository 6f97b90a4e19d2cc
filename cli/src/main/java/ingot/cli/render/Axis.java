package ingot.cli.render;

import java.util.ArrayList;
import java.util.List;

/** One axis of a {@link Plot}. */
record Axis(double low, double high, Scale scale) {
    private static final int TICKS = 6;

    /** Linear or logarithmic (base 10) axis; values that a logarithm does not take sit on its lower end. */
    enum Scale {
        LINEAR,
        LOG
    }

    /** 0 at the lower end, 1 at the upper. */
    double at(double v) {
        double position = switch (scale) {
            case LINEAR -> (v - low) / (high - low);
            case LOG -> v <= 0 ? 0 : Math.log10(v / low) / Math.log10(high / low);
        };
        return Double.isNaN(position) ? 1 : Math.clamp(position, 0, 1);
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        switch (scale) {
            case LINEAR -> {
                double step = niceStep((high - low) / TICKS);
                // Half a step of slack keeps the last tick in spite of rounding.
                for (double v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) {
                    ticks.add(Math.abs(v) < step * 1e-6 ? 0 : v);
                }
            }
            case LOG -> {
                int first = (int) Math.ceil(Math.log10(low) - 1e-9);
                int last = (int) Math.floor(Math.log10(high) + 1e-9);
                int every = Math.max(1, (last - first + TICKS - 1) / TICKS);
                for (int e = first; e <= last; e += every) {
                    ticks.add(Math.pow(10, e));
                }
            }
        }
        return ticks;
    }

    /** 1, 2 or 5 times a power of ten, at least {@code raw}. */
    private static double niceStep(double raw) {
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double m = raw / power;
        return (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10) * power;
    }
}
