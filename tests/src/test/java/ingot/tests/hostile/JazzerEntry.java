package ingot.tests.hostile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Jazzer calls: the target named by the system property {@code ingot.fuzz.target}. */
public final class JazzerEntry {
    private static final FuzzRun RUN = open();

    private JazzerEntry() {}

    private static FuzzRun open() {
        try {
            Path folder = Files.createTempDirectory("ingot-fuzz");
            // Instrumenting a class when it is first used allocates on the thread that uses it: the heap is the bound.
            return new FuzzRun(FuzzTarget.of(System.getProperty("ingot.fuzz.target")), folder, Long.MAX_VALUE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads the committed inputs once: instrumenting every class takes longer than any input may. */
    public static void fuzzerInitialize() throws IOException {
        Path archive = FuzzInputs.archive(Path.of(System.getProperty("ingot.root")), RUN.target());
        if (Files.exists(archive)) {
            for (byte[] input : FuzzInputs.read(archive).values()) {
                RUN.accepts(input);
            }
        }
    }

    /** One execution. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        RUN.accepts(input);
    }
}
