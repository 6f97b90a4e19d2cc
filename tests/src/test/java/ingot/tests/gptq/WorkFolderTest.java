package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A folder of work that is not as its conversion left it. */
final class WorkFolderTest extends Interrupted {
    /** Stops when a step has rounded its last matrix, but not yet passed on what comes out of it. */
    private void stopBehindRounding(int step, boolean resume) {
        stop(options(resume), new Progress() {
            @Override
            public void step(String phase, long done, long total, Unit unit) {}

            @Override
            public void layer(String phase, Layers at) {
                if (at.layer() == step && at.share() == 1) {
                    throw new Stopped();
                }
            }
        });
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
        convert(options(true));
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
        Files.delete(log);
        var key = Json.readObject(work().resolve("key.json"), JsonBound.INPUT);
        assertEquals("scalar", key.path("options").path("kernels").asString());
        var e = assertThrows(IngotException.Usage.class, () -> convert(options(true)));
        assertTrue(e.getMessage().contains("other options"), e.getMessage());
        convert(options(false));
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
            var e = assertThrows(IngotException.BadData.class, () -> convert(options(true)));
            assertTrue(e.getMessage().contains(name + " is damaged"), e.getMessage());
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
        }
        convert(options(true));
        assertSameAndClean();
    }

    @Test
    void damagedWorkIsRefused() throws IOException {
        stopBehindRounding(2, false);
        Files.writeString(work().resolve("step-0.json"), "{\"x\": {}}");
        assertThrows(IngotException.BadData.class, () -> convert(options(true)));
        Files.writeString(work().resolve("key.json"), "no");
        assertThrows(IngotException.BadData.class, () -> convert(options(true)));
        convert(options(false));
        assertSameAndClean();
    }

    /** What lies in the folder's place and is not a conversion's work is not touched. */
    @Test
    void aFolderOfSomebodyElse() throws IOException {
        Files.createDirectory(work());
        Path precious = Files.writeString(work().resolve("thesis.txt"), "years");
        for (boolean resume : new boolean[] {false, true}) {
            assertThrows(IngotException.CannotCreate.class, () -> convert(options(resume)));
        }
        assertEquals("years", Files.readString(precious));
        Files.delete(precious);
        Files.delete(work());
        Files.writeString(work(), "a file");
        assertThrows(IngotException.CannotCreate.class, () -> convert(options(false)));
        assertEquals("a file", Files.readString(work()));
    }
}
