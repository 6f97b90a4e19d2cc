package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.runtime.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same input and options give the same bytes, however and wherever the command runs: in processes of their own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DeterminismTest {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    private static final Path CHECKPOINT = ROOT.resolve("golden-outputs/checkpoints/qwen2-e2e");

    @TempDir
    static Path temporary;

    private Results expected = new Results("", "");

    /** SHA-256 of the converted file, and the text generated with it (sampled, with a seed). */
    private record Results(String file, String text) {}

    /**
     * One way to run it.
     *
     * @param jvm options of Java
     * @param environment variables of the process
     * @param relative whether paths are given relative to a working folder of its own
     */
    private record Way(
            String name, String threads, List<String> jvm, Map<String, String> environment, boolean relative) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Stream<Way> ways() {
        return Stream.of(
                new Way(
                        "2 threads, a small heap, Turkish, the first time zone, relative paths",
                        "2",
                        List.of("-Xmx96m", "-Duser.language=tr", "-Duser.country=TR", "-Duser.timezone=Etc/GMT-14"),
                        Map.of("TZ", "Etc/GMT-14"),
                        true),
                new Way(
                        "8 threads, a large heap, another collector, Arabic digits, the last time zone, ASCII",
                        "8",
                        List.of(
                                "-Xmx2g",
                                "-XX:+UseSerialGC",
                                "-Duser.language=ar",
                                "-Duser.country=EG",
                                "-Duser.extensions=u-nu-arab",
                                "-Duser.timezone=Etc/GMT+12",
                                "-Dfile.encoding=US-ASCII"),
                        Map.of("LC_ALL", "C", "TZ", "Etc/GMT+12"),
                        false),
                new Way(
                        "1 thread, no compact strings, another hash seed, one processor",
                        "1",
                        List.of(
                                "-XX:+UnlockExperimentalVMOptions",
                                "-XX:-CompactStrings",
                                "-XX:hashCode=2",
                                "-XX:ActiveProcessorCount=1"),
                        Map.of(),
                        false));
    }

    @BeforeAll
    void base() throws IOException, InterruptedException {
        expected = run(new Way("base", "1", List.of(), Map.of(), false), temporary, classPath());
    }

    @ParameterizedTest
    @MethodSource("ways")
    void sameBytes(Way way) throws IOException, InterruptedException {
        assertEquals(expected, run(way, temporary, classPath()));
    }

    /** As {@code ./ingot} starts it. */
    @Test
    void onTheModulePath() throws IOException, InterruptedException {
        Path lib = ROOT.resolve("cli/target/lib");
        assumeTrue(Files.isDirectory(lib), "the jars of the command are not built");
        Path jar = ROOT.resolve("cli/target/ingot-cli-" + Version.NUMBER + ".jar");
        Way way = new Way("modules", "3", List.of(), Map.of(), false);
        List<String> modules = List.of(
                "--add-exports",
                "java.base/jdk.internal.module=ingot.runtime",
                "-p",
                jar + System.getProperty("path.separator") + lib,
                "-m",
                "ingot.cli/ingot.cli.Main");
        assertEquals(expected, run(way, temporary, modules));
    }

    /**
     * With an image of the JDK and every module of Ingot's that jlink takes: all but the command, whose progress bar needs
     * JLine, and that has no module descriptor. It and the bar are on the module path of the image.
     */
    @Test
    void onAnImageOfJlink() throws IOException, InterruptedException {
        Path lib = ROOT.resolve("cli/target/lib");
        assumeTrue(Files.isDirectory(lib), "the jars of the command are not built");
        Optional<ToolProvider> jlink = ToolProvider.findFirst("jlink");
        assumeTrue(jlink.isPresent(), "no jlink in this JDK");
        Path image = temporary.resolve("image");
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        int linked = jlink.get()
                .run(
                        out,
                        out,
                        "-p",
                        lib.toString(),
                        "--add-modules",
                        "ingot.quant,info.picocli,jdk.incubator.vector",
                        "--output",
                        image.toString());
        // A JDK without its jmods files may not be made for linking (JEP 493).
        assumeTrue(linked == 0 || !said.toString().contains("jmods"), said::toString);
        assertEquals(0, linked, said::toString);
        List<String> outside = new ArrayList<>();
        outside.add(
                ROOT.resolve("cli/target/ingot-cli-" + Version.NUMBER + ".jar").toString());
        try (Stream<Path> jars = Files.list(lib)) {
            jars.map(Path::toString)
                    .filter(jar -> jar.contains("progressbar") || jar.contains("jline"))
                    .forEach(outside::add);
        }
        List<String> modules = List.of(
                "--add-exports",
                "java.base/jdk.internal.module=ingot.runtime",
                "-p",
                String.join(System.getProperty("path.separator"), outside),
                "-m",
                "ingot.cli/ingot.cli.Main");
        Way way = new Way("image", "2", List.of(), Map.of(), false);
        assertEquals(expected, run(way, image, temporary, modules));
    }

    @Test
    void onAnotherFileSystem() throws IOException, InterruptedException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "no file system in memory here");
        assumeTrue(
                !Files.getFileStore(memory).equals(Files.getFileStore(temporary)), "it is the one of the other tests");
        Path folder = Files.createTempDirectory(memory, "ingot");
        try {
            assertEquals(expected, run(new Way("memory", "2", List.of(), Map.of(), false), folder, classPath()));
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path f : files.toList()) {
                    Files.delete(f);
                }
            }
            Files.delete(folder);
        }
    }

    private static List<String> classPath() {
        return List.of(
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                "ingot.cli.Main");
    }

    private static Results run(Way way, Path folder, List<String> main) throws IOException, InterruptedException {
        return run(way, Path.of(System.getProperty("java.home")), folder, main);
    }

    /** @param java a JDK, or an image of one */
    private static Results run(Way way, Path java, Path folder, List<String> main)
            throws IOException, InterruptedException {
        Path out = folder.resolve("out-" + way.threads + way.jvm.size() + ".ingot");
        Path work = way.relative ? folder : ROOT;
        Path shown = way.relative ? folder.relativize(out) : out;
        Path source = way.relative ? folder.toRealPath().relativize(CHECKPOINT.toRealPath()) : CHECKPOINT;
        List<String> start = new ArrayList<>(List.of(java.resolve("bin/java").toString()));
        start.addAll(way.jvm);
        start.addAll(main);
        command(way, work, start, "convert", source.toString(), "-o", shown.toString(), "--type", "int4", "--force");
        String text = command(
                way,
                work,
                start,
                "run",
                shown.toString(),
                "-p",
                "The ship",
                "--max-tokens",
                "20",
                "--temperature",
                "0.9",
                "--seed",
                "7");
        assertFalse(text.isBlank());
        return new Results(sha256(out), text);
    }

    private static String command(Way way, Path work, List<String> start, String... words)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(start);
        command.addAll(List.of(words));
        command.addAll(List.of("--threads", way.threads, "--quiet"));
        Path err = Files.createTempFile("ingot", ".err");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).directory(work.toFile()).redirectError(err.toFile());
            builder.environment().putAll(way.environment);
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
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
