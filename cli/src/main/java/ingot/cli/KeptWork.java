package ingot.cli;

import ingot.formats.Text;
import ingot.quant.calibration.WorkFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** While a calibrated run is under way: somebody who stops it (Ctrl-C, SIGTERM) is told that its work is kept, and where. */
final class KeptWork implements AutoCloseable {
    private final Optional<Thread> hook;

    private KeptWork(Optional<Thread> hook) {
        this.hook = hook;
        hook.ifPresent(Runtime.getRuntime()::addShutdownHook);
    }

    /**
     * @param output of the run
     * @param kept whether the run can be resumed
     */
    static KeptWork during(Console console, Path output, boolean kept) {
        return new KeptWork(
                kept ? Optional.of(new Thread(() -> tell(console, WorkFolder.of(output)))) : Optional.empty());
    }

    private static void tell(Console console, Path folder) {
        if (Files.isDirectory(folder)) {
            // A bar has the line it is on.
            String before = console.terminal() ? "\n" : "";
            console.note(
                    before + "ingot: interrupted; the same command with --resume goes on with " + Text.path(folder));
        }
    }

    @Override
    public void close() {
        try {
            hook.ifPresent(Runtime.getRuntime()::removeShutdownHook);
        } catch (IllegalStateException e) {
            // The JVM is on its way down: the line is being said.
        }
    }
}
