package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own shows. */
final class ProcessTest {
    @TempDir
    Path folder;

    private Cli java(List<String> options, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "ingot.cli.Main"));
        command.addAll(List.of(args));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        int code = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        return new Cli(code, Files.readString(out), Files.readString(err));
    }

    @Test
    void helpAndVersionTouchNeitherJacksonNorTheEngines() throws IOException, InterruptedException {
        for (String word : List.of("--version", "--help")) {
            Cli r = java(List.of("-Xlog:class+load:file=" + folder.resolve("classes")), word);
            assertEquals(0, r.code(), r.err());
            String classes = Files.readString(folder.resolve("classes"), StandardCharsets.ISO_8859_1);
            assertTrue(classes.contains("ingot.cli.Main"), "the log lists classes");
            assertFalse(classes.contains("tools.jackson."), word);
            assertFalse(classes.contains("jdk.incubator.vector."), word);
            assertFalse(classes.contains("ingot.runtime.kernel."), word);
        }
    }

    @Test
    void tooSmallAHeapIs71WithAdvice() throws IOException, InterruptedException {
        Path text = Files.writeString(folder.resolve("t.txt"), "a b ".repeat(8 << 20));
        Cli r = java(List.of("-Xmx24m"), "perplexity", Cli.TINY.toString(), "-f", text.toString());
        assertEquals(71, r.code(), r.err());
        assertTrue(r.err().contains("-Xmx"), r.err());
        assertEquals(1, r.err().lines().filter(l -> l.startsWith("ingot: ")).count(), r.err());
    }

    /** As Ctrl-C does: the work is kept, and it is said how to go on. */
    @Test
    void whoStopsACalibratedRunIsToldHowToGoOn() throws IOException, InterruptedException {
        Path model = Cli.TINY;
        Path tokens = Files.writeString(
                folder.resolve("tokens.jsonl"),
                ("{\"ids\": [" + "1, 2, 3, 4, 5, 6, 7, ".repeat(300) + "8]}\n").repeat(40));
        Path out = folder.resolve("a.ingot");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "ingot.cli.Main",
                        "convert",
                        model.toString(),
                        "-o",
                        out.toString(),
                        "--type",
                        "int4",
                        "--calibration",
                        tokens.toString(),
                        "--calibration-length",
                        "2048")
                .redirectError(err.toFile())
                .start();
        Path work = folder.resolve("a.ingot.work");
        while (process.isAlive() && !Files.isDirectory(work)) {
            Thread.sleep(20);
        }
        process.destroy();
        assertEquals(143, process.waitFor(), Files.readString(err));
        String said = Files.readString(err).lines().reduce((a, b) -> b).orElse("");
        assertEquals("ingot: interrupted; the same command with --resume goes on with " + work, said);
        assertFalse(Files.exists(out));
    }
}
