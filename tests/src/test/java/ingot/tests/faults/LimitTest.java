package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** F8: less memory than a conversion needs, by the JVM's limit, the shell's or a control group's. */
final class LimitTest {
    private static final Path TRAINED =
            Path.of(System.getProperty("ingot.root"), "golden-outputs/models/qwen3-6m-gutenberg");

    @TempDir
    private Path folder;

    private Bench bench;

    @BeforeEach
    void open() throws IOException {
        bench = new Bench(folder);
    }

    /** The heap that is named suffices. */
    @Test
    void tooSmallAHeapNamesOneThatSuffices() throws IOException, InterruptedException {
        String[] words = bench.convert(TRAINED, "int4");
        // The buffers of so many threads do not fit.
        words[words.length - 1] = "16";
        var small = ChildCommand.run(heap("14m"), words);
        Bench.requireRefused(small, 71, "needs about \\d+ MiB of heap and Java may take 1\\d; .*INGOT_OPTS=-Xmx\\d+m");
        assertTrue(!Files.exists(bench.out()), "nothing was written");
        Matcher named = Pattern.compile("-Xmx(\\d+m)").matcher(small.err());
        assertTrue(named.find());
        assertEquals(0, ChildCommand.run(heap(named.group(1)), words).exit());
        assertEquals(List.of("x.ingot"), bench.names());
    }

    private static List<String> heap(String size) {
        return List.of("-Xmx" + size, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    }

    /**
     * Little address space: the command ends as ever, with one line, or the JVM says that it cannot work there. Never half an
     * output.
     */
    @ParameterizedTest
    @ValueSource(ints = {350, 500, 650, 1200})
    void tooLittleAddressSpace(int mega) throws IOException, InterruptedException {
        Bench.needsLinux();
        Path source = folder.resolve("large.ingot");
        Bench.converter("f32").convert(bench.model(1_000_000), source, Progress.none());
        String limit = "ulimit -v " + mega * 1024 + "; exec \"$@\"";
        var outcome = ChildCommand.runUnder(List.of("sh", "-c", limit, "sh"), small(), bench.convert(source, "f16"));
        if (outcome.exit() == 0) {
            assertEquals(List.of("x.ingot"), bench.names());
            return;
        }
        assertTrue(!Files.exists(bench.out()), "nothing under the final name");
        if (outcome.complaint().isEmpty()) {
            assertTrue(
                    (outcome.out() + outcome.err()).contains("Java Runtime Environment")
                            || outcome.err().contains("Error occurred during initialization"),
                    outcome::err);
        } else {
            Bench.requireRefused(outcome, outcome.exit() == 74 ? 74 : 71, "Map failed|memory|heap");
            assertEquals(List.of(), bench.names());
        }
    }

    private static List<String> small() {
        return List.of(
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:ReservedCodeCacheSize=16m",
                "-XX:CompressedClassSpaceSize=24m",
                "-XX:ErrorFile=" + "/dev/null",
                "-XX:-UsePerfData");
    }

    /** A control group that ends what takes more memory than it allows is a kill like another. */
    @Test
    void endedByAControlGroup() throws IOException, InterruptedException {
        Path groups = Path.of("/sys/fs/cgroup/memory");
        Assumptions.assumeTrue(Files.isWritable(groups), "no control groups of memory to write to");
        Path group = Files.createDirectory(
                groups.resolve("ingot-test-" + ProcessHandle.current().pid()));
        try {
            Files.writeString(group.resolve("memory.limit_in_bytes"), Long.toString(40 << 20));
            List<String> wrapper =
                    List.of("sh", "-c", "echo $$ > " + group.resolve("cgroup.procs") + "; exec \"$@\"", "sh");
            // Without looking at the group the JVM takes what it was told to.
            List<String> blind = List.of("-XX:-UseContainerSupport", "-Xms256m", "-XX:+AlwaysPreTouch");
            var outcome = ChildCommand.runUnder(wrapper, blind, bench.convert(TRAINED, "int4"));
            assertEquals(137, outcome.exit(), outcome::err);
            assertTrue(!Files.exists(bench.out()), "nothing under the final name");
            assertEquals(
                    0,
                    ChildCommand.run(Bench.QUICK, bench.convert(TRAINED, "int4"))
                            .exit());
            assertEquals(List.of("x.ingot"), bench.names());
        } finally {
            Files.delete(group);
        }
    }
}
