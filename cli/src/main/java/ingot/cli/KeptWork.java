package ingot.cli;

import ingot.formats.Text;
import ingot.quant.calibration.WorkFolder;
import java.nio.file.Files;
import java.nio.file.Path;

/** While a calibrated run is under way: somebody who stops it (Ctrl-C, SIGTERM) is told that its work is kept, and where. */
final class KeptWork implements AutoCloseable {
    private final Thread hook;

    private KeptWork(Thread hook) {
        this.hook = hook;
    }

    /**
     * @param output of the run
     * @param kept whether the run can be resumed
     */
    static KeptWork during(Console console, Path output, boolean kept) {
        Path folder = WorkFolder.of(output);
        KeptWork work = new KeptWork(new Thread(() -> {
            if (kept && Files.isDirectory(folder)) {
                // A bar has the line it is on.
                String before = console.terminal() ? "\n" : "";
                console.note(before + "ingot: interrupted; the same command with --resume goes on with "
                        + Text.path(folder));
            }
        }));
        Runtime.getRuntime().addShutdownHook(work.hook);
        return work;
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is on its way down: the line is being said.
        }
    }
}
