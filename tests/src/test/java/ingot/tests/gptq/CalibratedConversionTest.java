package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.ingot.Checksum;
import ingot.formats.ingot.IngotFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.ConvertResult.TensorResult;
import ingot.quant.Converter;
import ingot.quant.GgufExporter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.transform.Equivalence;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Whole conversions with error feedback. */
final class CalibratedConversionTest {
    @TempDir
    Path temp;

    static List<String> names() {
        return Checkpoints.FAMILIES;
    }

    private static TensorResult tensor(ConvertResult result, String part) {
        return result.tensors().stream()
                .filter(t -> t.name().contains(part))
                .findFirst()
                .orElseThrow();
    }

    /** The same bytes for 1, 2 and 8 threads; near the reference; nothing left behind; the data in the provenance. */
    @ParameterizedTest
    @MethodSource("names")
    void everyFamily(String name) throws IOException {
        Path source = Checkpoints.folder(name);
        Path data = Checkpoints.tokens(name, temp.resolve("tokens.jsonl"));
        ConvertOptions options = Checkpoints.gptq("int6", data, false);
        Path one = temp.resolve("1.ingot");
        ConvertResult result = Checkpoints.convert(source, one, options);
        for (int threads : new int[] {2, 8}) {
            Path other = temp.resolve(threads + ".ingot");
            Checkpoints.convert(source, other, options.withThreads(threads));
            assertEquals(-1, Files.mismatch(one, other), threads + " threads");
        }
        try (var left = Files.list(temp)) {
            assertEquals(4, left.count(), "three outputs and the data");
        }
        long linear = result.tensors().stream()
                .filter(t -> t.type().startsWith("int6"))
                .count();
        long known = result.tensors().stream()
                .filter(t -> t.weightedError().isPresent() || t.note().contains("rounded to nearest"))
                .count();
        assertTrue(known >= linear, linear + " matrices, " + known + " calibrated or explained");
        try (IngotFile file = IngotFile.open(one)) {
            JsonNode options1 = file.manifest().options();
            assertEquals("gptq", options1.path("method").stringValue());
            assertEquals("activation", options1.path("order").stringValue());
            JsonNode calibration = options1.path("calibration");
            byte[] hash = Checksum.sha256().digest(Files.readAllBytes(data));
            assertEquals(
                    HexFormat.of().formatHex(hash), calibration.path("sha256").stringValue());
            assertEquals("tokens.jsonl", calibration.path("data").stringValue());
            assertTrue(calibration.path("tokens").intValue() > 200);
            assertEquals(32, calibration.path("length").intValue());
        }
    }

    /**
     * Nearer to the reference than round-to-nearest. These weights are random, so one model may be worse by luck; over all of
     * them feedback must win clearly.
     */
    @Test
    void feedbackBeatsRoundToNearestOverTheFamilies() throws IOException {
        double logs = 0;
        List<String> all = names();
        for (String name : all) {
            Path source = Checkpoints.folder(name);
            Path data = Checkpoints.tokens(name, temp.resolve("tokens.jsonl"));
            Path fed = temp.resolve(name + ".ingot");
            Path plain = temp.resolve(name + "-rtn.ingot");
            Checkpoints.convert(source, fed, Checkpoints.gptq("int6", data, false));
            Checkpoints.convert(source, plain, ConvertOptions.of(ConvertOptions.layout("int6")));
            Path golden = source.resolve("golden.safetensors");
            double ratio = Checkpoints.error(fed, golden) / Checkpoints.error(plain, golden);
            // Random weights carry an error of one matrix on to everything behind it: luck of a factor is no defect.
            assertTrue(ratio > 0 && ratio < 2, name + ": " + ratio);
            logs += Math.log(ratio);
        }
        double mean = Math.exp(logs / all.size());
        assertTrue(mean < 0.8, "geometric mean of the ratios of errors: " + mean);
    }

    /** One token leaves experts unvisited: they are rounded to nearest, and the result says so with counts. */
    @ParameterizedTest
    @MethodSource("mixtures")
    void expertsThatSawNothing(String name) throws IOException {
        Path data = Files.writeString(temp.resolve("one.jsonl"), Checkpoints.line(5));
        ConvertResult result = Checkpoints.convert(
                Checkpoints.folder(name), temp.resolve("o.ingot"), Checkpoints.gptq("int8", data, false));
        List<TensorResult> skipped = result.tensors().stream()
                .filter(t -> t.note().contains("its expert saw 0 of 1 tokens"))
                .toList();
        assertTrue(skipped.size() >= 3 * 5, "at least five of eight experts: " + skipped.size());
        assertTrue(skipped.stream().allMatch(t -> t.name().contains("expert")));
        assertTrue(skipped.stream()
                .allMatch(t -> t.weightedError().isEmpty() && t.nmse().isPresent()));
    }

    static List<String> mixtures() {
        return List.of("qwen2_moe-a", "qwen3_moe-a", "qwen3_5_moe-a");
    }

    /** Few tokens of text on the trained model; as a command, with little and with much memory. */
    @Test
    void trainedModelWithAnyHeap() throws IOException, InterruptedException {
        Path text = temp.resolve("text.txt");
        String all = Files.readString(Checkpoints.TRAINED.resolveSibling("calibration.txt"));
        Files.writeString(text, all.substring(0, 8_000));
        byte[] first = new byte[0];
        for (List<String> way : List.of(List.of("-Xmx192m", "1"), List.of("-Xmx1g", "8"))) {
            Path out = temp.resolve("trained" + way.getLast() + ".ingot");
            ChildCommand.Outcome ran = ChildCommand.run(
                    List.of(way.getFirst()),
                    "convert",
                    Checkpoints.TRAINED.toString(),
                    "-o",
                    out.toString(),
                    "--type",
                    "int4",
                    "--calibration",
                    text.toString(),
                    "--calibration-tokens",
                    "256",
                    "--calibration-length",
                    "64",
                    "--threads",
                    way.getLast());
            assertEquals(0, ran.exit(), ran.err());
            byte[] bytes = Files.readAllBytes(out);
            first = first.length == 0 ? bytes : first;
            assertArrayEquals(first, bytes, way.toString());
        }
        Path nearest = temp.resolve("rtn.ingot");
        Checkpoints.convert(
                Checkpoints.TRAINED,
                nearest,
                ConvertOptions.of(ConvertOptions.layout("int4")).withThreads(1));
        Path golden = Checkpoints.TRAINED.resolve("golden.safetensors");
        double rtn = Checkpoints.error(nearest, golden);
        double gptq = Checkpoints.error(temp.resolve("trained1.ingot"), golden);
        assertTrue(gptq < rtn, "error feedback " + gptq + ", round-to-nearest " + rtn);
    }

    /** Double quantization end to end, the head included, whose scales share one offset. */
    @Test
    void doublyQuantizedHead() throws IOException {
        Path data = Checkpoints.tokens("qwen3_moe-a", temp.resolve("t.jsonl"));
        List<ConvertOptions.Keep> head = List.of(ConvertOptions.Keep.parse("lm_head|embed_tokens=nf4-dq"));
        Path out = temp.resolve("dq.ingot");
        ConvertResult result = Checkpoints.convert(
                Checkpoints.folder("qwen3_moe-a"),
                out,
                Checkpoints.gptq("nf4-dq", data, false).withKeep(head));
        assertTrue(tensor(result, "lm_head").weightedError().isPresent());
        Path golden = Checkpoints.folder("qwen3_moe-a").resolve("golden.safetensors");
        Path plain = temp.resolve("rtn.ingot");
        ConvertOptions nearest =
                ConvertOptions.of(ConvertOptions.layout("nf4-dq")).withKeep(head);
        Checkpoints.convert(Checkpoints.folder("qwen3_moe-a"), plain, nearest);
        assertTrue(
                Checkpoints.error(out, golden) < Checkpoints.error(plain, golden),
                Checkpoints.error(out, golden) + " of " + Checkpoints.error(plain, golden));
    }

    /** A copy of a checkpoint with one weight of layer 1 replaced. */
    private Path damaged(float value) throws IOException {
        Path folder = Files.createDirectory(temp.resolve("model" + value));
        Path source = Checkpoints.folder("qwen2-tied-f32");
        Files.copy(source.resolve("config.json"), folder.resolve("config.json"));
        Path weights = folder.resolve("model.safetensors");
        Files.copy(source.resolve("model.safetensors"), weights);
        long at;
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            TensorInfo tensor =
                    java.util.Objects.requireNonNull(file.tensors().get("model.layers.1.mlp.up_proj.weight"));
            at = tensor.offset() + 4 * 77;
        }
        ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value);
        try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.write(bytes, at);
        }
        return folder;
    }

    /** What comes quantized and stays so leaves nothing to choose: said at once, not behind every layer. */
    @Test
    void nothingToCalibrate() throws IOException {
        Path data = Checkpoints.tokens("qwen2-tied-f32", temp.resolve("t.jsonl"));
        Path gguf = temp.resolve("q8.gguf");
        new GgufExporter(GgufExporter.Options.defaults().withType("q8_0"))
                .export(Checkpoints.folder("qwen2-tied-f32"), gguf, Progress.none());
        Path out = temp.resolve("o.ingot");
        var e = assertThrows(
                IngotException.Usage.class,
                () -> Checkpoints.convert(gguf, out, Checkpoints.gptq("int8", data, false)));
        assertTrue(e.getMessage().contains("nothing to calibrate"), e.getMessage());
        ConvertResult other = Checkpoints.convert(gguf, out, Checkpoints.gptq("int4", data, false));
        assertTrue(tensor(other, "down_proj").weightedError().isPresent());
    }

    @Test
    void nonFiniteWeights() throws IOException {
        Path clean = temp.resolve("clean.ingot");
        Checkpoints.convert(
                Checkpoints.folder("qwen2-tied-f32"), clean, ConvertOptions.of(ConvertOptions.layout("int4")));
        double nearest =
                Checkpoints.error(clean, Checkpoints.folder("qwen2-tied-f32").resolve("golden.safetensors"));
        Path data = Checkpoints.tokens("qwen2-tied-f32", temp.resolve("t.jsonl"));
        for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
            Path folder = damaged(bad);
            Path out = temp.resolve("bad.ingot");
            ConvertOptions options = Checkpoints.gptq("int4", data, false);
            var e = assertThrows(IngotException.BadData.class, () -> Checkpoints.convert(folder, out, options));
            assertTrue(e.getMessage().contains("model.layers.1.mlp.up_proj.weight"), e.getMessage());
            assertFalse(Files.exists(out));
            Checkpoints.convert(folder, out, options.withAllowNonFinite(true));
            Path golden = Checkpoints.folder("qwen2-tied-f32").resolve("golden.safetensors");
            assertTrue(Checkpoints.error(out, golden) < nearest, "one weight less, and error feedback");
            // Rows in another order, and one at a time.
            var ordered =
                    new ConvertOptions.Transforms(EnumSet.of(Equivalence.FREE_ORDER), CalibrationOptions.defaults());
            ConvertOptions elsewhere = options.withTransforms(ordered).withOverwrite(true);
            assertThrows(IngotException.BadData.class, () -> Checkpoints.convert(folder, out, elsewhere));
            Checkpoints.convert(folder, out, elsewhere.withAllowNonFinite(true));
            assertTrue(Checkpoints.error(out, golden) < nearest, "one weight less, and error feedback");
            Files.delete(out);
        }
    }

    /** A scale that f16 cannot hold: refused as by round-to-nearest, with the tensor's name. */
    @Test
    void scalesBeyondF16() throws IOException {
        Path data = Checkpoints.tokens("qwen2-tied-f32", temp.resolve("t.jsonl"));
        Path folder = damaged(1e9f);
        Path out = temp.resolve("large.ingot");
        List<String> told = new ArrayList<>();
        var e = assertThrows(
                IngotException.BadData.class,
                () -> new Converter(Checkpoints.gptq("int4", data, false))
                        .convert(folder, out, (phase, done, total, unit) -> told.add(phase)));
        assertTrue(told.stream().allMatch("hashing the source"::equals), "refused before the first layer: " + told);
        assertTrue(e.getMessage().contains("model.layers.1.mlp.up_proj.weight"), e.getMessage());
        assertTrue(e.getMessage().contains("65504"), e.getMessage());
        Checkpoints.convert(folder, out, Checkpoints.gptq("nf4", data, false));
    }

    /** What is not calibrated comes out as without calibration, bit for bit. */
    @Test
    void denseMatricesStayAsTheyAre() throws IOException {
        Path data = Checkpoints.tokens("qwen2-e2e", temp.resolve("t.jsonl"));
        Path out = temp.resolve("mixed.ingot");
        List<ConvertOptions.Keep> keep = List.of(ConvertOptions.Keep.parse("down_proj=bf16"));
        ConvertResult result = Checkpoints.convert(
                Checkpoints.folder("qwen2-e2e"),
                out,
                Checkpoints.gptq("int4", data, false).withKeep(keep));
        TensorResult dense = tensor(result, "down_proj");
        assertEquals("bf16", dense.type());
        assertEquals(0, dense.nmse().orElseThrow());
        assertTrue(dense.weightedError().isEmpty());
        assertNotEquals(0, tensor(result, "up_proj").weightedError().orElseThrow());
    }
}
