package ingot.cli.render;

import ingot.formats.Progress;
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

    private final @Nullable PrintStream err;
    private final boolean terminal;
    private String phase = "";
    private long phaseStart;
    private long lastLine;
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
        if (!name.equals(phase)) {
            close();
            phase = name;
            phaseStart = now;
            lastLine = now;
        }
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

    private void bar(PrintStream stream, long done, long total, Unit unit, long elapsed) {
        if (bar == null) {
            ProgressBarBuilder builder = new ProgressBarBuilder()
                    .setTaskName(phase)
                    .setInitialMax(total > 0 ? total : -1)
                    .setUpdateIntervalMillis(200)
                    .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                    .setConsumer(new ConsoleProgressBarConsumer(stream, Table.MAX_WIDTH))
                    .startsFrom(0, Duration.ofNanos(elapsed))
                    .clearDisplayOnFinish()
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

    static String line(String phase, long done, long total, Progress.Unit unit, long elapsedNanos) {
        StringBuilder s = new StringBuilder(phase).append(": ").append(amount(done, unit));
        double seconds = elapsedNanos / 1e9;
        if (total > 0) {
            s.append(" of ").append(amount(total, unit));
            s.append(" (").append(Format.fixed(100.0 * done / total, 0)).append(" %)");
        }
        if (done > 0) {
            if (unit != Progress.Unit.STEPS) {
                s.append(", ").append(amount(Math.round(done / seconds), unit)).append("/s");
            }
            if (total > done) {
                double left = seconds * (total - done) / done;
                s.append(", ")
                        .append(Format.duration(Duration.ofMillis(Math.round(1e3 * left))))
                        .append(" left");
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
