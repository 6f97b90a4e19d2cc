package ingot.cli.render;

import ingot.formats.Progress;
import ingot.formats.Text;
import java.io.PrintStream;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Progress on standard error: a bar with rate and remaining time on a terminal, otherwise a plain line every few
 * seconds. Work that is over within a second shows nothing.
 */
public final class ProgressDisplay implements Progress, AutoCloseable {
    private static final long QUIET_NANOS = 1_000_000_000L;
    private static final long LINE_NANOS = 5_000_000_000L;
    private static final int PERCENT = 100;

    private final @Nullable PrintStream err;
    private final boolean terminal;
    private String phase = "";
    private long phaseStart;
    private long lastLine;
    private double startShare;
    private @Nullable ProgressBar bar;

    private ProgressDisplay(@Nullable PrintStream err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    /** A bar when {@code terminal}, plain lines otherwise. */
    public static ProgressDisplay on(PrintStream err, boolean terminal) {
        return new ProgressDisplay(err, terminal);
    }

    /** Shows nothing. */
    public static ProgressDisplay silent() {
        return new ProgressDisplay(null, false);
    }

    @Override
    public synchronized void step(String name, long done, long total, Unit unit) {
        if (err == null) {
            return;
        }
        long now = System.nanoTime();
        begin(name, now, 0);
        long elapsed = now - phaseStart;
        if (elapsed < QUIET_NANOS) {
            return;
        }
        if (terminal) {
            bar(err, done, total, unit, elapsed);
        } else if (now - lastLine >= LINE_NANOS) {
            lastLine = now;
            err.println(line(name, done, total, unit, elapsed));
        }
        if (total > 0 && done >= total) {
            close();
        }
    }

    private void begin(String name, long now, double share) {
        if (!name.equals(phase)) {
            close();
            phase = name;
            phaseStart = now;
            lastLine = now;
            startShare = share;
        }
    }

    /** One bar for all layers; what an earlier run did counts as done, but not for the rate. */
    @Override
    public synchronized void layer(String name, Layers at) {
        if (err == null) {
            return;
        }
        long now = System.nanoTime();
        begin(name, now, share(at));
        long elapsed = now - phaseStart;
        if (elapsed < QUIET_NANOS) {
            return;
        }
        if (terminal) {
            if (bar == null) {
                bar = bar(err).setInitialMax(PERCENT)
                        .setUnit(" %", 1)
                        .startsFrom(Math.round(PERCENT * startShare), Duration.ofNanos(elapsed))
                        .build();
            }
            bar.setExtraMessage(" " + at.label() + layersPerTime(at, elapsed));
            bar.stepTo(Math.round(PERCENT * share(at)));
        } else if (now - lastLine >= LINE_NANOS && share(at) < 1) {
            lastLine = now;
            err.println(line(name, at, startShare, elapsed));
        }
        if (share(at) >= 1) {
            close();
        }
    }

    private static double share(Layers at) {
        return (at.layer() + at.share()) / (at.layers() + 1);
    }

    private String layersPerTime(Layers at, long elapsed) {
        double done = share(at) - startShare;
        return done > 0 ? ", " + rate(done * (at.layers() + 1) / (elapsed / 1e9)) : "";
    }

    /**
     * A line about a pass through the layers.
     *
     * @param from the share that was done when the clock began
     */
    public static String line(String phase, Layers at, double from, long elapsedNanos) {
        double share = share(at);
        double seconds = elapsedNanos / 1e9;
        String text = phase + ": " + at.label() + " (" + Format.fixed(100 * share, 0) + " % of all)";
        double done = share - from;
        return done <= 0 || share >= 1
                ? text
                : text + ", " + rate(done * (at.layers() + 1) / seconds) + ", " + left(seconds * (1 - share) / done);
    }

    private static String rate(double layersPerSecond) {
        return layersPerSecond >= 1
                ? Format.fixed(layersPerSecond, 1) + " layers/s"
                : layersPerSecond * 60 >= 1
                        ? Format.fixed(60 * layersPerSecond, 1) + " layers/min"
                        : Format.fixed(3600 * layersPerSecond, 1) + " layers/h";
    }

    private static String left(double seconds) {
        return Format.duration(Duration.ofMillis(Math.round(1e3 * seconds))) + " left";
    }

    @Override
    public synchronized void note(String sentence) {
        if (err != null) {
            close();
            err.println(Text.visible(sentence));
        }
    }

    private ProgressBarBuilder bar(PrintStream stream) {
        return new ProgressBarBuilder()
                .setTaskName(phase)
                .setUpdateIntervalMillis(200)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setConsumer(new ConsoleProgressBarConsumer(stream, width()))
                .clearDisplayOnFinish();
    }

    /** A bar as wide as the terminal would begin the next line. */
    private static int width() {
        return Math.min(Table.MAX_WIDTH, TerminalWidth.columns(Table.MAX_WIDTH + 1) - 1);
    }

    private void bar(PrintStream stream, long done, long total, Unit unit, long elapsed) {
        if (bar == null) {
            ProgressBarBuilder builder = bar(stream)
                    .setInitialMax(total > 0 ? total : -1)
                    .startsFrom(0, Duration.ofNanos(elapsed))
                    .showSpeed();
            bar = switch (unit) {
                case BYTES -> builder.setUnit(" MiB", 1 << 20).build();
                case TOKENS -> builder.setUnit(" tokens", 1).build();
                case TENSORS -> builder.setUnit(" tensors", 1).build();
                case STEPS -> builder.build();
            };
        }
        bar.stepTo(done);
    }

    /** A line of plain progress. */
    public static String line(String phase, long done, long total, Progress.Unit unit, long elapsedNanos) {
        StringBuilder s = new StringBuilder(phase).append(": ").append(amount(done, unit));
        double seconds = elapsedNanos / 1e9;
        if (total > 0) {
            s.append(" of ").append(amount(total, unit));
            s.append(" (").append(Format.fixed(100.0 * done / total, 0)).append(" %)");
        }
        if (done > 0) {
            if (unit != Progress.Unit.STEPS) {
                double rate = done / seconds;
                s.append(", ")
                        .append(
                                rate >= 1
                                        ? amount(Math.round(rate), unit) + "/s"
                                        : amount(Math.max(1, Math.round(60 * rate)), unit) + "/min");
            }
            if (total > done) {
                s.append(", ").append(left(seconds * (total - done) / done));
            }
        }
        return s.toString();
    }

    private static String amount(long n, Progress.Unit unit) {
        return switch (unit) {
            case BYTES -> Format.bytes(n);
            case TOKENS -> Format.count(n) + " tokens";
            case TENSORS -> n + " tensors";
            case STEPS -> Long.toString(n);
        };
    }

    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
