package ingot.tests.signing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.signing.ModelSignature;
import ingot.formats.signing.SigningIdentity;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a folder may hold: nothing lies in a verified folder that was not signed. */
final class SignedFilesTest {
    private static final Path CHECKPOINT =
            Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen2-tied-f32");

    @TempDir
    Path folder;

    private Path model = Path.of("");
    private Path bundle = Path.of("");

    @BeforeEach
    void sign() throws IOException {
        model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(Files.createDirectories(model.resolve("sub")).resolve("a"), "signed");
        bundle = folder.resolve("model.sig");
        sign(model, bundle);
    }

    private static ModelSignature sign(Path model, Path bundle) {
        return ModelSignature.sign(model, SigningIdentity.ofKey(Vectors.SECRET), bundle, true, Progress.none());
    }

    private ModelSignature verify() {
        return ModelSignature.verify(model, bundle, Vectors.key(), Progress.none());
    }

    /** Neither signed nor verified, and the same thing is said of it. */
    private void refused(String complaint) {
        var verifying = assertThrows(IngotException.NotAuthentic.class, this::verify);
        assertTrue(String.valueOf(verifying.getMessage()).contains(complaint), verifying.getMessage());
        var signing = assertThrows(IngotException.BadData.class, () -> sign(model, folder.resolve("other.sig")));
        assertEquals(signing.getMessage(), verifying.getMessage());
    }

    /** On Linux a backslash is a letter like others; taken for a slash, the first hides behind the signed file. */
    @ParameterizedTest
    @ValueSource(strings = {"sub\\a", ".git\\x", "x\\", "sub/b\\c"})
    void aBackslash(String name) throws IOException {
        verify();
        Files.writeString(model.resolve(name), "not signed");
        refused("a name with a backslash");
    }

    /** Two such names look the same to Java. */
    @Test
    void bytesThatAreNoText() throws IOException, InterruptedException {
        Process touch = new ProcessBuilder("sh", "-c", "printf x > \"$(printf 'a\\377')\"")
                .directory(model.toFile())
                .start();
        assertEquals(0, touch.waitFor());
        refused("bytes that are no text");
    }

    @Test
    void aLinkToAFolder() throws IOException {
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("b"), "not signed");
        Files.createSymbolicLink(model.resolve("more"), elsewhere);
        refused("a symbolic link");
    }

    @Test
    void aFileTooDeepToBeSeen() throws IOException {
        Path deep = model;
        for (int i = 0; i < 63; i++) {
            deep = deep.resolve("d");
        }
        Files.createDirectories(deep);
        Path seen = Files.writeString(deep.resolve("f"), "not signed");
        var e = assertThrows(IngotException.NotAuthentic.class, this::verify);
        assertTrue(String.valueOf(e.getMessage()).contains("is not among the signed files"), e.getMessage());
        Files.delete(seen);
        verify();
        Files.writeString(Files.createDirectories(deep.resolve("d")).resolve("f"), "not signed");
        refused("a folder at depth 64");
    }

    @Test
    void aPipe() throws IOException, InterruptedException {
        assertEquals(
                0,
                new ProcessBuilder("mkfifo", model.resolve("pipe").toString())
                        .start()
                        .waitFor());
        refused("not a regular file");
    }

    /** The way to the model is the caller's; the bundle inside is recognised whichever way it is named. */
    @Test
    void aLinkOnTheWay() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), model);
        assertEquals(
                1,
                ModelSignature.verify(link, bundle, Vectors.key(), Progress.none())
                        .files());
        assertEquals(1, sign(link, model.resolve("model.sig")).files());
        assertEquals(1, sign(model, link.resolve("model.sig")).files());
        assertEquals(
                1,
                ModelSignature.verify(model, link.resolve("model.sig"), Vectors.key(), Progress.none())
                        .files());
        Files.writeString(model.resolve("b"), "not signed");
        assertThrows(
                IngotException.NotAuthentic.class,
                () -> ModelSignature.verify(link, model.resolve("model.sig"), Vectors.key(), Progress.none()));
    }

    /** What the signer leaves out is shown, as text and as JSON. */
    @Test
    void whatTheSignerLeftOut() throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(CHECKPOINT.resolve(name), model.resolve(name));
        }
        sign(model, bundle);
        assertEquals(List.of(), verify().ignored());
        assertFalse(inspect().contains("warning: the signature"));
        String forged = Forged.bundle(
                bundle,
                "\"allow_symlinks\":false,\"ignore_paths\":[",
                "\"allow_symlinks\":true,\"ignore_paths\":[\"left\",");
        Files.writeString(bundle, forged);
        Files.writeString(Files.createDirectories(model.resolve("left")).resolve("x"), "not signed");
        assertEquals(List.of("left"), verify().ignored());
        assertTrue(verify().followsLinks());
        String text = inspect();
        assertTrue(text.contains("warning: the signature says nothing of what lies under 'left'\n"), text);
        assertTrue(text.contains("warning: the signature follows symbolic links"), text);
        String json = inspect("--json").replaceAll("\\s", "");
        assertTrue(json.contains("\"follows_links\":true,\"ignored\":[\"left\"]"), json);
    }

    private String inspect(String... more) {
        List<String> words = new java.util.ArrayList<>(List.of(
                "inspect",
                model.toString(),
                "--verify-signature",
                bundle.toString(),
                "--key",
                Vectors.PUBLIC.toString()));
        words.addAll(List.of(more));
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Main.run(
                words.toArray(String[]::new), Console.of(new ByteArrayInputStream(new byte[0]), out, err, false));
        assertEquals(0, code, err.toString(StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }
}
