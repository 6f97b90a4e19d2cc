package ingot.tests.signing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
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

/** {@code ingot sign} and {@code ingot inspect --verify-signature} as people type them. */
final class SignCommandTest {
    private static final String KEY = Vectors.PUBLIC.toString();
    private static final Path CHECKPOINT =
            Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen2-tied-f32/model.safetensors");

    @TempDir
    Path folder;

    private String model = "";

    private record Outcome(int code, String out, String err) {}

    @BeforeEach
    void copy() throws IOException {
        model = Files.copy(CHECKPOINT, folder.resolve("model.safetensors")).toString();
    }

    private static Outcome ingot(String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Main.run(args, Console.of(new ByteArrayInputStream(new byte[0]), out, err, false));
        return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private void refused(int code, String complaint, String... args) {
        Outcome o = ingot(args);
        List<String> lines = o.err.lines().filter(l -> l.startsWith("ingot: ")).toList();
        assertEquals(code, o.code, o.err);
        assertEquals(1, lines.size(), o.err);
        assertTrue(lines.getFirst().contains(complaint), o.err);
        assertEquals("", o.out);
    }

    @Test
    void signsAndVerifies() {
        Outcome made = ingot("sign", model, "--key", Vectors.SECRET.toString());
        assertEquals(0, made.code, made.err);
        assertTrue(made.out.startsWith(model + ".sig: signed with the key 'e8450dec"), made.out);
        Outcome found = ingot("inspect", model, "--verify-signature", model + ".sig", "--key", KEY);
        assertEquals(0, found.code, found.err);
        assertTrue(found.out.lines().anyMatch(l -> l.matches("signature +method key, signer e8450dec.*")), found.out);
        Outcome json = ingot("inspect", model, "--verify-signature", model + ".sig", "--key", KEY, "--json");
        assertTrue(json.out.replaceAll("\\s", "").contains("\"signature\":{\"method\":\"key\""), json.out);
        assertFalse(ingot("inspect", model, "--json").out.contains("signature"));
        refused(73, "--force replaces it", "sign", model, "--key", Vectors.SECRET.toString());
    }

    @Test
    void certificates() {
        String signature = folder.resolve("c.sig").toString();
        Outcome made = ingot(
                "sign",
                model,
                "--key",
                Vectors.SECRET.toString(),
                "--certificate",
                Vectors.CERTIFICATE.toString(),
                "--certificate-chain",
                Vectors.INTERMEDIATE.toString(),
                "-o",
                signature);
        assertEquals(0, made.code, made.err);
        refused(64, "--certificate ROOT.pem", "inspect", model, "--verify-signature", signature, "--key", KEY);
        refused(
                64,
                "needs --certificate",
                "sign",
                model,
                "--key",
                Vectors.SECRET.toString(),
                "--certificate-chain",
                Vectors.INTERMEDIATE.toString());
    }

    @Test
    void refusesWithOneLineAndTheRightCode() throws IOException {
        String signature = model + ".sig";
        ingot("sign", model, "--key", Vectors.SECRET.toString());
        refused(64, "needs --key", "inspect", model, "--verify-signature", signature);
        refused(64, "need --verify-signature", "inspect", model, "--key", KEY);
        refused(66, "no such file", "inspect", model, "--verify-signature", signature + "x", "--key", KEY);
        refused(66, "no such file", "inspect", model, "--verify-signature", signature, "--key", KEY + "x");
        refused(65, "not a PEM file", "inspect", model, "--verify-signature", signature, "--key", model);
        refused(65, "JSON", "inspect", model, "--verify-signature", model, "--key", KEY);
        refused(65, "expected one block PRIVATE KEY", "sign", model, "--key", KEY, "--force");
        refused(66, "no such file", "sign", model + "x", "--key", Vectors.SECRET.toString());
        // Damage that a reader would refuse, too: the signature is checked before anything is parsed.
        Files.write(Path.of(model), new byte[100]);
        refused(1, "was changed after it was signed", "inspect", model, "--verify-signature", signature, "--key", KEY);
        assertTrue(Files.exists(Path.of(signature)));
    }
}
