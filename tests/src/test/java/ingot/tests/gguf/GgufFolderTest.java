package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder that holds GGUF files and no published weights stands for the model in them. */
final class GgufFolderTest {
    private static final Path CHECKPOINT =
            Path.of(System.getProperty("ingot.root")).resolve("golden-outputs/checkpoints/qwen2-e2e");

    @TempDir
    private Path temp;

    private Path folder;

    private record Result(int code, String out, String err) {}

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectories(temp.resolve("model"));
    }

    private static Result ingot(Object... args) {
        String[] words = java.util.Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Main.run(words, Console.of(new ByteArrayInputStream(new byte[0]), out, err, false));
        return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static void done(Result result) {
        assertEquals(0, result.code(), result.err());
    }

    @Test
    void theOnlyFileIsTheModel() throws IOException {
        Path file = GgufCheckpoint.of(CHECKPOINT, 0).write(folder.resolve("any-Q8.gguf"));
        Files.writeString(folder.resolve("README.md"), "text");
        Files.writeString(folder.resolve("config.json"), "{}");
        Files.copy(CHECKPOINT.resolve("golden.safetensors"), folder.resolve("golden.safetensors"));
        Path ingot = temp.resolve("a.ingot");
        done(ingot("convert", folder, "-o", ingot, "--type", "f32"));
        Path same = temp.resolve("b.ingot");
        done(ingot("convert", file, "-o", same, "--type", "f32"));
        assertArrayEquals(Files.readAllBytes(same), Files.readAllBytes(ingot));
        done(ingot("verify", folder));
        Result inspected = ingot("inspect", folder, "--json");
        assertTrue(inspected.out().contains("\"format\" : \"gguf\""), inspected.out());
        String facts = ingot("inspect", folder).out();
        assertTrue(facts.contains("general.architecture qwen2\n"), facts);
        assertTrue(facts.lines().allMatch(line -> line.length() <= 100), facts);
        Result fromFolder = ingot("run", folder, "-p", "a", "--max-tokens", "3", "--temperature", "0");
        done(fromFolder);
        assertEquals(
                ingot("run", file, "-p", "a", "--max-tokens", "3", "--temperature", "0")
                        .out(),
                fromFolder.out());
        assertEquals(
                ingot("tokenize", file, "--text", "ab c").out(),
                ingot("tokenize", folder, "--text", "ab c").out());
    }

    @Test
    void filesOfOneSplitSetAreOneModel() throws IOException {
        for (int i = 0; i < 2; i++) {
            GgufWriter out = i == 0 ? Tiny.model() : new GgufWriter();
            out.pair("split.no", 2, new byte[] {(byte) i, 0})
                    .pair("split.count", 2, new byte[] {2, 0})
                    .write(folder.resolve("m-0000" + (i + 1) + "-of-00002.gguf"));
        }
        done(ingot("convert", folder, "-o", temp.resolve("a.ingot")));
        Files.delete(folder.resolve("m-00001-of-00002.gguf"));
        Result result = ingot("convert", folder, "-o", temp.resolve("b.ingot"));
        assertEquals(66, result.code(), result.err());
        assertTrue(result.err().contains("1 of 2 files are missing: m-00001-of-00002.gguf"), result.err());
    }

    @Test
    void severalModelsAreNamed() throws IOException {
        Tiny.model().write(folder.resolve("b.gguf"));
        Tiny.model().write(folder.resolve("m-00001-of-00002.gguf"));
        Tiny.model().write(folder.resolve("a.gguf"));
        String expected = "holds 3 GGUF models: 'a.gguf', 'b.gguf', 'm-*-of-00002.gguf'; name the file of one";
        for (Object[] args : new Object[][] {
            {"convert", folder, "-o", temp.resolve("a.ingot")},
            {"inspect", folder},
            {"verify", folder, "--golden", CHECKPOINT.resolve("golden.safetensors")},
            {"run", folder, "-p", "a"},
            {"tokenize", folder, "--text", "a"}
        }) {
            Result result = ingot(args);
            assertEquals(64, result.code(), result.err());
            assertTrue(result.err().contains(expected), result.err());
            assertEquals(1, result.err().lines().count(), result.err());
        }
    }

    /** Published weights come first: a GGUF file beside them is another way to get the same model. */
    @Test
    void publishedWeightsComeFirst() throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(CHECKPOINT.resolve(name), folder.resolve(name));
        }
        Tiny.model().write(folder.resolve("b.gguf"));
        Result inspected = ingot("inspect", folder, "--json");
        assertTrue(inspected.out().contains("\"format\" : \"huggingface\""), inspected.out() + inspected.err());
    }

    @Test
    void anAdapterNeedsTheCheckpoint() throws IOException {
        Tiny.model().write(folder.resolve("b.gguf"));
        Result result = ingot("convert", folder, "-o", temp.resolve("a.ingot"), "--adapter", temp);
        assertEquals(64, result.code(), result.err());
        assertTrue(result.err().contains("b.gguf is a single file"), result.err());
    }
}
