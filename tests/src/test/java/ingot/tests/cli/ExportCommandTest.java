package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.ingot.Checksum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The export command: what it prints, what it refuses. */
final class ExportCommandTest {
    private static final Path MODEL = Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen2-e2e");

    @TempDir
    private Path folder;

    private Cli export(String... options) {
        List<String> args = new ArrayList<>(List.of("export", MODEL.toString(), "-q"));
        args.addAll(List.of(options));
        return Cli.run(args.toArray(String[]::new));
    }

    @Test
    void jsonSaysOfEveryTensorWhatBecameOfIt() throws IOException {
        Path file = folder.resolve("x.gguf");
        Cli r = export("--to", "gguf", "--type", "q5_1", "--keep", "v_proj=f16", "-o", file.toString(), "--json");
        assertEquals(0, r.code(), r.err());
        JsonNode root = new JsonMapper().readTree(r.out());
        assertFalse(root.get("lossless").asBoolean());
        assertEquals(file.toString(), root.at("/files/0").asString());
        long sum = root.get("tensors")
                .valueStream()
                .mapToLong(t -> t.get("bytes").longValue())
                .sum();
        assertEquals(Files.size(file), root.get("bytes").longValue());
        assertEquals(sum, root.get("tensor_bytes").longValue());
        assertEquals("rtn", root.at("/options/method").stringValue());
        assertFalse(root.has("calibration"));
        int rounded = 0;
        for (JsonNode t : root.get("tensors")) {
            assertEquals(t.get("nmse").asDouble() == 0, t.get("lossless").asBoolean(), t.toString());
            assertEquals("bf16", t.get("stored_as").asString());
            if (t.get("name").asString().contains("v_proj.weight")) {
                assertEquals("f16", t.get("type").asString());
            }
            rounded += t.get("type").asString().equals("q5_1") ? 1 : 0;
        }
        assertEquals(3 * 6, rounded);
    }

    /** What a calibrated export looked at and how is in its JSON, its report and what inspect says of the file. */
    @Test
    void aCalibratedExportSaysWhatItWasMadeOf() throws IOException {
        Path file = folder.resolve("x.gguf");
        Path html = folder.resolve("x.html");
        StringBuilder ids = new StringBuilder("{\"ids\": [1");
        for (int i = 1; i < 100; i++) {
            ids.append(", ").append(i * 53 % 211);
        }
        Path data = Files.writeString(folder.resolve("ids.jsonl"), ids + "]}\n");
        List<String> calibrated = List.of(
                "--calibration",
                data.toString(),
                "--calibration-length",
                "31",
                "--calibration-tokens",
                "62",
                "--drift",
                "0");
        List<String> args = new ArrayList<>(List.of("--to", "gguf", "--type", "q4_0", "-o", file.toString(), "--json"));
        args.addAll(List.of("--html", html.toString()));
        args.addAll(calibrated);
        Cli r = export(args.toArray(String[]::new));
        assertEquals(0, r.code(), r.err());
        JsonNode root = new JsonMapper().readTree(r.out());
        assertEquals("gptq", root.at("/options/method").stringValue());
        String hash = HexFormat.of().formatHex(Checksum.sha256().digest(Files.readAllBytes(data)));
        assertEquals(hash, root.at("/calibration/sha256").stringValue());
        assertEquals(62, root.at("/calibration/tokens").intValue());
        String page = Files.readString(html);
        assertTrue(page.contains("gptq, error feedback") && page.contains(hash) && page.contains("drift correction"));
        String told = Cli.run("inspect", file.toString()).out();
        assertTrue(told.matches("(?s).*\ndrift correction +off\n.*") && told.contains("ids.jsonl, 62 tokens"), told);
        Cli same =
                export("--to", "gguf", "--type", "q4_0", "--force", "-o", file.toString(), "--html", file.toString());
        assertEquals(64, same.code(), same.err());
    }

    @ParameterizedTest
    @CsvSource({"gguf, x.gguf", "gptq, x", "bnb, x", "hf, x"})
    void textEndsWithASummary(String target, String name) {
        String out = folder.resolve(name).toString();
        Cli r = export("--to", target, "-o", out);
        assertEquals(0, r.code(), r.err());
        boolean exact = target.equals("gguf") || target.equals("hf");
        assertTrue(r.out().contains("lossless"), r.out());
        assertEquals(exact, r.out().contains("bit-exact values of the model"), r.out());
        assertEquals(!exact, r.out().contains("rounded again: worst NMSE"), r.out());
        Cli again = export("--to", target, "-o", out);
        assertEquals(73, again.code());
        assertTrue(again.err().contains("--force"), again.err());
        assertEquals(0, export("--to", target, "-o", out, "--force").code());
    }

    @Test
    void sizesCutTheOutput() throws IOException {
        String out = folder.resolve("x.gguf").toString();
        assertEquals(
                0, export("--to", "gguf", "-o", out, "--split-size", "100KB").code());
        assertFalse(Files.exists(Path.of(out)));
        try (var files = Files.list(folder)) {
            assertTrue(files.count() >= 2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--to gguf --group 32, --group applies to",
        "--to bnb --group 64, --group applies to",
        "--to hf --keep a=f16, --keep applies to",
        "--to gptq --format plain, --format applies to",
        "--to hf --format awq, expected plain or compressed-tensors",
        "--to gguf --type q9, expected one of f32",
        "--to gptq --type q4_0, expected int4 or int8",
        "--to bnb --type int4, expected nf4 or nf4-dq",
        "--to gptq --group 33, another multiple of 8",
        "--to gguf --split-size none, expected a number with KB",
        "--to gguf --split-size 0, expected a number with KB",
        "--to gguf --split-size 10, as 10GB",
        "--to hf --type int4, --format compressed-tensors holds int4",
        "--to hf --type int4, 'expected f32, f16 or bf16'"
    })
    void whatMakesNoSenseIsAUsageError(String options, String message) throws IOException {
        List<String> args = new ArrayList<>(List.of(options.split(" ")));
        args.addAll(List.of("-o", folder.resolve("out").toString()));
        Cli r = export(args.toArray(String[]::new));
        assertEquals(64, r.code(), r.err());
        assertTrue(r.err().contains(message), r.err());
        assertEquals(1, r.err().lines().count(), r.err());
        try (var left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }
}
