package ingot.tests.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.tests.bench.SyntheticCheckpoint;
import ingot.tests.bench.SyntheticModel;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Converting streams: three gigabytes go through a heap of half a gigabyte. */
final class LargeCheckpointTest {
    @TempDir
    Path temp;

    @Test
    void threeGigabytesConvertInHalfAGigabyteOfHeap() throws IOException, InterruptedException {
        long free = Files.getFileStore(temp).getUsableSpace();
        assumeTrue(free > 6L << 30, "needs 6 GB of disk, there are " + free + " bytes");
        Path source = temp.resolve("source");
        long bytes = SyntheticCheckpoint.write(SyntheticModel.Name.QWEN2_5_1_5B.model(), source);
        assertTrue(bytes > 3_000_000_000L);
        Path out = temp.resolve("model.ingot");
        var outcome = ChildCommand.run(
                List.of("-Xmx512m"), "convert", source.toString(), "-o", out.toString(), "--type", "int4", "-q");
        assertEquals(0, outcome.exit(), outcome.err());
        try (IngotFile file = IngotFile.open(out)) {
            assertEquals(1 + 28 * 12 + 1, file.manifest().tensors().size());
            file.verify(Progress.none());
        }
    }
}
