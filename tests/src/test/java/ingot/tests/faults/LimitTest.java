package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.tests.cli.ChildCommand;
import ingot.tests.hostile.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** F8: less than a conversion needs, of memory by the JVM's limit, the shell's or a control group's, or of open files. */
final class LimitTest extends Benched {
    private static final Path TRAINED =
            Path.of(System.getProperty("ingot.root"), "golden-outputs/models/qwen3-6m-gutenberg");

    @Test
    void tooSmallAHeapNamesOneThatSuffices() throws IOException, InterruptedException {
        String[] words = bench.convert(TRAINED, "int4");
        // The buffers of so many threads do not fit.
        words[words.length - 1] = "16";
        requireNamedHeapSuffices("14m", words);
    }

    /** Refused before it begins, on an estimate. */
    @Test
    void tooSmallAHeapForACalibrationNamesOneThatSuffices() throws IOException, InterruptedException {
        requireNamedHeapSuffices(
                "30m",
                bench.convert(
                        TRAINED,
                        "int4",
                        "--method",
                        "gptq",
                        "--calibration-tokens",
                        "64",
                        "--calibration-length",
                        "32"));
    }

    private void requireNamedHeapSuffices(String heap, String... words) throws IOException, InterruptedException {
        var small = ChildCommand.run(heap(heap), words);
        Bench.requireRefused(
                small, 71, "needs about \\d+ MiB of heap.* the heap may have \\d+ MiB; .*INGOT_OPTS=-Xmx\\d+m");
        assertTrue(!Files.exists(bench.out()), "nothing was written");
        Matcher named = Pattern.compile("-Xmx(\\d+m)").matcher(small.err());
        assertTrue(named.find());
        var enough = ChildCommand.run(heap(named.group(1)), words);
        assertEquals(0, enough.exit(), enough::err);
        assertEquals(List.of("x.ingot"), bench.names());
    }

    private static List<String> heap(String size) {
        // With vectors compiled as they should be, or a calibration takes minutes.
        return List.of("-Xmx" + size, "-XX:+UseSerialGC");
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
                "-XX:ErrorFile=/dev/null",
                "-XX:ReplayDataFile=/dev/null",
                "-XX:-UsePerfData");
    }

    /** A checkpoint in more files than a process may have open: no more than a few are open together. */
    @Test
    void fewerOpenFilesThanShards() throws IOException, InterruptedException {
        Bench.needsLinux();
        TinyModel model = new TinyModel(7, 17);
        Path shards = model.writeShards(Files.createDirectory(folder.resolve("shards")));
        assertEquals(207 + 2, Bench.names(shards).size());
        Path whole = model.write(Files.createDirectory(folder.resolve("whole")));
        var outcome = open(150, bench.convert(shards, "int8"));
        assertEquals(0, outcome.exit(), outcome::err);
        List<String> made = weights(bench.out());
        Bench.converter("int8").convert(whole, bench.out(), Progress.none());
        assertEquals(weights(bench.out()), made);
    }

    /** The hashes of what weights are stored in. */
    private static List<String> weights(Path model) {
        try (IngotFile file = IngotFile.open(model)) {
            List<String> stored = List.copyOf(file.physical().tensors().keySet());
            return file.manifest().tensors().stream()
                    .flatMap(t -> t.parts().stream())
                    .map(part -> part + " " + HexFormat.of().formatHex(file.sha256(stored.indexOf(part))))
                    .toList();
        }
    }

    /** Not even enough for the command itself: said in one line, as a limit of the machine. */
    @ParameterizedTest
    @ValueSource(ints = {8, 12, 16, 20, 30})
    void hardlyAnyOpenFiles(int files) throws IOException, InterruptedException {
        Bench.needsLinux();
        var outcome = open(files, bench.convert(bench.model(7), "int8"));
        if (outcome.exit() == 1) {
            // The JVM did not start.
            assertTrue((outcome.out() + outcome.err()).contains("rror"), outcome::err);
        } else if (outcome.exit() != 0) {
            Bench.requireRefused(outcome, 71, "ulimit -n");
        }
    }

    private static ChildCommand.Outcome open(int files, String... words) throws IOException, InterruptedException {
        return ChildCommand.runUnder(
                List.of("sh", "-c", "ulimit -n " + files + "; exec \"$@\"", "sh"), Bench.QUICK, words);
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
