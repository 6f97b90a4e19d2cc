package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.quant.Converter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder of work that is not as its conversion left it. */
final class WorkFolderTest {
    private static final Path SOURCE = Checkpoints.folder("qwen2_moe-a");
    private static final String TYPE = "int4";

    @TempDir
    Path temp;

    private Path data = Path.of("");
    private Path whole = Path.of("");
    private Path out = Path.of("");

    /** Stands for the end of the process. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @BeforeEach
    void undisturbed() throws IOException {
        data = Checkpoints.tokens("qwen2_moe-a", temp.resolve("t.jsonl"));
        whole = temp.resolve("whole.ingot");
        out = temp.resolve("out.ingot");
        Checkpoints.convert(SOURCE, whole, Checkpoints.gptq(TYPE, data, false));
    }

    private Path work() {
        return out.resolveSibling("out.ingot.work");
    }

    private void assertSameAndClean() throws IOException {
        assertEquals(-1, Files.mismatch(whole, out), "the bytes of an undisturbed conversion");
        assertFalse(Files.exists(work()));
    }

    /** Stops when a step has rounded its last matrix, but not yet passed on what comes out of it. */
    private void stopBehindRounding(int step, boolean resume) {
        Converter converter = new Converter(Checkpoints.gptq(TYPE, data, resume));
        assertThrows(
                Stopped.class,
                () -> converter.convert(SOURCE, out, new Progress() {
                    @Override
                    public void step(String phase, long done, long total, Unit unit) {}

                    @Override
                    public void layer(String phase, Layers at) {
                        if (at.layer() == step && at.share() == 1) {
                            throw new Stopped();
                        }
                    }
                }));
    }

    /** A removal that died left a list of a later step; the step is begun again, and dies with its bytes all there. */
    @Test
    void aListThatIsOlderThanTheBytes() throws IOException {
        stopBehindRounding(3, false);
        assertTrue(Files.exists(work().resolve("step-2.json")));
        try (var files = Files.list(work())) {
            for (Path file : files.toList()) {
                if (!List.of("key.json", "step-2.json").contains(Folders.name(file))) {
                    Files.delete(file);
                }
            }
        }
        stopBehindRounding(2, true);
        Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, true));
        assertSameAndClean();
    }

    /** A JVM without vectors sums in another order: its work is not gone on with on vectors. */
    @Test
    void workOfOtherKernels() throws IOException, InterruptedException {
        Path log = temp.resolve("log");
        int exit = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dingot.root=" + System.getProperty("ingot.root"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Checkpoints.class.getName(),
                        SOURCE.toString(),
                        out.toString(),
                        TYPE,
                        data.toString(),
                        "30")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        assertEquals(9, exit, Files.readString(log));
        var key = Json.readObject(work().resolve("key.json"), 1 << 20);
        assertEquals("scalar", key.path("options").path("kernels").asString());
        var e = assertThrows(
                IngotException.Usage.class, () -> Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, true)));
        assertTrue(e.getMessage().contains("other options"), e.getMessage());
        Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, false));
        assertSameAndClean();
    }

    /** One bit of what is kept is another one: nothing is made of it. */
    @Test
    void changedBytesAreRefused() throws IOException {
        stopBehindRounding(2, false);
        for (String name : List.of("step-0.bin", "step-1.bin", "hidden-2.f32", "source-hidden-2.f32")) {
            Path file = work().resolve(name);
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
            var e = assertThrows(
                    IngotException.BadData.class,
                    () -> Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, true)));
            assertTrue(e.getMessage().contains(name + " is damaged"), e.getMessage());
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
        }
        Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, true));
        assertSameAndClean();
    }

    @Test
    void damagedWorkIsRefused() throws IOException {
        stopBehindRounding(2, false);
        Files.writeString(work().resolve("step-0.json"), "{\"x\": {}}");
        assertThrows(
                IngotException.BadData.class,
                () -> Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, true)));
        Files.writeString(work().resolve("key.json"), "no");
        assertThrows(
                IngotException.BadData.class,
                () -> Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, true)));
        Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, false));
        assertSameAndClean();
    }

    /** What lies in the folder's place and is not a conversion's work is not touched. */
    @Test
    void aFolderOfSomebodyElse() throws IOException {
        Files.createDirectory(work());
        Path precious = Files.writeString(work().resolve("thesis.txt"), "years");
        for (boolean resume : new boolean[] {false, true}) {
            assertThrows(
                    IngotException.CannotCreate.class,
                    () -> Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, resume)));
        }
        assertEquals("years", Files.readString(precious));
        Files.delete(precious);
        Files.delete(work());
        Files.writeString(work(), "a file");
        assertThrows(
                IngotException.CannotCreate.class,
                () -> Checkpoints.convert(SOURCE, out, Checkpoints.gptq(TYPE, data, false)));
        assertEquals("a file", Files.readString(work()));
    }
}
