package ingot.tests.faults;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of faults, each with a bench of its own. */
abstract class Benched {
    @TempDir
    Path folder;

    Bench bench;

    @BeforeEach
    void openBench() throws IOException {
        bench = new Bench(folder);
    }
}
