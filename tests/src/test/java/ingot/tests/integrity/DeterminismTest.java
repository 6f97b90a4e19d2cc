package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.tests.integrity.Ways.Runtime;
import ingot.tests.integrity.Ways.Way;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same input and options give the same bytes, however and wherever the command runs. Each way is a process of its own
 * that makes everything: files by rounding and by calibration, of several types, exports of several kinds, a text.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DeterminismTest {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    private static final Path CHECKPOINT = ROOT.resolve("golden-outputs/checkpoints/qwen2-e2e");

    /** {@code SRC} and {@code OUT} stand for folders; every command gets its threads besides. */
    private static final List<String> COMMANDS = List.of(
            "convert SRC -o OUT/int4.ingot --type int4",
            "convert SRC -o OUT/nf4-dq.ingot --type nf4-dq",
            "convert SRC -o OUT/iq4.ingot --type iq4 --keep down_proj=int5:64",
            "convert SRC -o OUT/calibrated.ingot --type int4 --method gptq --calibration-tokens 96"
                    + " --calibration-length 48",
            "export SRC -o OUT/x.gguf --to gguf --type iq4_nl",
            "export SRC -o OUT/gptq --to gptq --type int4 --group 32",
            "run OUT/int4.ingot -p The --max-tokens 20 --temperature 0.9 --seed 7");

    @TempDir
    static Path temporary;

    private SortedMap<String, String> expected = new TreeMap<>();

    @BeforeAll
    void base() throws IOException, InterruptedException {
        expected = run(Ways.BASE, Ways.classPath(), temporary);
        // Every command left something: six files or folders, and a text that is one.
        assertEquals(
                6,
                expected.keySet().stream().map(n -> n.split("/")[0]).distinct().count() - 1,
                expected::toString);
        assertFalse(expected.getOrDefault("text", "").isBlank());
    }

    static Stream<Way> ways() {
        return Ways.MIXED.stream();
    }

    @ParameterizedTest
    @MethodSource("ways")
    void sameBytes(Way way) throws IOException, InterruptedException {
        assertEquals(expected, run(way, Ways.classPath(), temporary));
    }

    /** As {@code ./ingot} starts it. */
    @Test
    void onTheModulePath() throws IOException, InterruptedException {
        assertEquals(expected, run(Ways.MODULES, Ways.modulePath(), temporary));
    }

    /** An image of the JDK's modules and every one of Ingot's, the command included. */
    @Test
    void onAnImageOfJlink() throws IOException, InterruptedException {
        Path image = temporary.resolve("image");
        assertEquals(expected, run(Ways.IMAGE, Ways.image(image), temporary));
    }

    @Test
    void onAnotherFileSystem() throws IOException, InterruptedException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "no file system in memory here");
        assumeTrue(
                !Files.getFileStore(memory).equals(Files.getFileStore(temporary)), "it is the one of the other tests");
        Path folder = Files.createTempDirectory(memory, "ingot");
        try {
            assertEquals(expected, run(Ways.MEMORY, Ways.classPath(), folder));
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path f : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(f);
                }
            }
        }
    }

    /** SHA-256 of every file made, by its path, and the text. */
    private static SortedMap<String, String> run(Way way, Runtime runtime, Path folder)
            throws IOException, InterruptedException {
        Path out = Files.createTempDirectory(folder, "out");
        Path work = way.relative() ? folder : ROOT;
        String shown = (way.relative() ? folder.relativize(out) : out).toString();
        String source =
                (way.relative() ? folder.toRealPath().relativize(CHECKPOINT.toRealPath()) : CHECKPOINT).toString();
        List<String> command = new ArrayList<>(runtime.start(way.jvm()));
        for (String c : COMMANDS) {
            for (String word : c.split(" ")) {
                command.add(word.equals("SRC") ? source : word.startsWith("OUT/") ? shown + word.substring(3) : word);
            }
            command.addAll(List.of("--threads", way.threads(), "--quiet", CommandsInTurn.NEXT));
        }
        String said = output(way, work, command);
        SortedMap<String, String> results = new TreeMap<>();
        String[] parts = said.split("\n" + CommandsInTurn.NEXT + "\n");
        results.put("text", parts[parts.length - 1]);
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                results.put(out.relativize(file).toString(), sha256(file));
            }
        }
        return results;
    }

    private static String output(Way way, Path work, List<String> command) throws IOException, InterruptedException {
        Path err = Files.createTempFile("ingot", ".err");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(work.toFile()).redirectError(err.toFile());
            builder.environment().putAll(way.environment());
            Process process = builder.start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), Files.readString(err));
            return out;
        } finally {
            Files.delete(err);
        }
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
