package ingot.tests.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import ingot.quant.Comparison;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.ExportResult;
import ingot.quant.FolderExporter.Kind;
import ingot.quant.FolderExporter.Options;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** GPTQ, bitsandbytes and compressed-tensors folders hold what the model computes with. */
final class FolderExportTest {
    @TempDir
    private Path temp;

    private static final String DOWN = "down_proj";

    /** Type of the .ingot file, kind of the folder, its description; all lossless. */
    @ParameterizedTest
    @CsvSource({
        "int4:32, GPTQ, gptq int4 g32",
        "int4:64, GPTQ, gptq int4 g64",
        "int4:channel, GPTQ, gptq int4 channel",
        "int8:32, GPTQ, gptq int8 g32",
        "int8:channel, GPTQ, gptq int8 channel",
        "int4:32, COMPRESSED_TENSORS, compressed-tensors int4 g32",
        "int4:channel, COMPRESSED_TENSORS, compressed-tensors int4 channel",
        "int8:128, COMPRESSED_TENSORS, compressed-tensors int8 g128",
        "int8:channel, COMPRESSED_TENSORS, compressed-tensors int8 channel",
        "nf4, BNB, bitsandbytes nf4",
        "nf4-dq, BNB, bitsandbytes nf4 double-quantized",
        "bf16, HF, bf16"
    })
    void holdsTheModelsNumbers(String type, Kind kind, String described) throws IOException {
        Path model = Exports.convert(Exports.TRAINED, type, temp.resolve("model.ingot"));
        Path folder = temp.resolve("folder");
        ExportResult result = Exports.folder(model, folder, Options.of(kind));
        assertEquals(described, result.type());
        assertTrue(result.lossless(), result.tensors().toString());
        assertEquals(List.of(folder.resolve("model.safetensors")), result.files());
        independent(model, folder, kind);

        assertTrue(Exports.sameWeights(model, folder));
        Path back = Exports.convertBack(folder, temp.resolve("back.ingot"));
        assertTrue(Exports.sameWeights(model, back));
        if (kind != Kind.HF) {
            assertEquals(layouts(model, DOWN), layouts(back, DOWN));
        }
    }

    /** Integers of other widths fit the next wider ones; the table of iq4 is one of integers. */
    @ParameterizedTest
    @CsvSource({"int3:32, gptq int4 g32", "int5:64, gptq int8 g64", "int6:32, gptq int8 g32", "iq4:32, gptq int8 g32"})
    void otherIntegersAreHeldByWiderOnes(String type, String described) throws IOException {
        Path model = Exports.convert(Exports.TRAINED, type, temp.resolve("model.ingot"));
        Path folder = temp.resolve("folder");
        ExportResult result = Exports.folder(model, folder, Options.of(Kind.GPTQ));
        assertEquals(described, result.type());
        assertTrue(result.lossless(), result.tensors().toString());
        independent(model, folder, Kind.GPTQ);
    }

    /** Where every matrix comes back in its own layout, the kernels do the same arithmetic. */
    @ParameterizedTest
    @CsvSource({"int4:32, GPTQ", "int8:32, COMPRESSED_TENSORS", "nf4-dq, BNB"})
    void convertedBackItComputesTheSameBits(String type, Kind kind) {
        Path model = Exports.convert(Exports.TRAINED, type, temp.resolve("model.ingot"));
        Path folder = temp.resolve("folder");
        Exports.folder(model, folder, Options.of(kind));
        // The embedding was int8 and is written as f32: rounded to int8 again it is what it was.
        Path back = temp.resolve("back.ingot");
        new Converter(ConvertOptions.of(ConvertOptions.layout("f32"))
                        .withSame(true)
                        .withKeep(List.of(ConvertOptions.Keep.parse("embed_tokens=int8"))))
                .convert(folder, back, Progress.none());
        assertArrayEquals(Exports.logits(model), Exports.logits(back));
    }

    private static List<String> layouts(Path file, String part) {
        try (IngotFile ingot = IngotFile.open(file)) {
            return ingot.manifest().tensors().stream()
                    .filter(t -> t.name().contains(part))
                    .map(t -> t.layout().describe())
                    .toList();
        }
    }

    /** Every linear layer by the layout tables; no NaN, no tensor forgotten. */
    private static void independent(Path model, Path folder, Kind kind) throws IOException {
        LayoutDecoder decoder = new LayoutDecoder(folder);
        Function<String, float[]> decode = switch (kind) {
            case GPTQ -> decoder::gptq;
            case COMPRESSED_TENSORS -> decoder::compressed;
            case BNB -> decoder::bnb;
            case HF -> module -> new float[0];
        };
        int seen = 0;
        try (IngotFile ingot = IngotFile.open(model);
                Arena arena = Arena.ofConfined()) {
            MemorySegment mapping = ingot.map(arena);
            for (StoredTensor t : ingot.manifest().tensors()) {
                if (kind == Kind.HF || !t.name().endsWith("_proj.weight")) {
                    continue;
                }
                seen++;
                float[] actual = decode.apply(t.name().replace(".weight", ""));
                int cols = (int) t.shape().cols();
                float[] row = new float[cols];
                for (int r = 0; r < t.shape().rows(); r++) {
                    t.layout().decodeRow(t.shape().rows(), cols, ingot.parts(t, mapping), r, row, 0);
                    for (int k = 0; k < cols; k++) {
                        assertTrue(row[k] == actual[r * cols + k], t.name() + "[" + r + "," + k + "]");
                    }
                }
            }
        }
        assertEquals(kind == Kind.HF ? 0 : 42, seen);
    }

    @Test
    void settingsAreWhatTheLoadersLookFor() throws IOException {
        Path model = Exports.convert(Exports.TINY, "int4:channel", temp.resolve("model.ingot"));
        Path gptq = temp.resolve("gptq");
        Exports.folder(model, gptq, Options.of(Kind.GPTQ));
        var settings = new LayoutDecoder(gptq).settings();
        assertEquals("gptq", settings.get("quant_method").asString());
        assertEquals("gptq", settings.get("checkpoint_format").asString());
        assertEquals(4, settings.get("bits").asInt());
        assertEquals(-1, settings.get("group_size").asInt());
        assertTrue(settings.get("sym").asBoolean() && !settings.get("desc_act").asBoolean());
        assertEquals(settings, new JsonMapper().readTree(Files.readString(gptq.resolve("quantize_config.json"))));
        Path packed = temp.resolve("packed");
        Exports.folder(model, packed, Options.of(Kind.COMPRESSED_TENSORS));
        settings = new LayoutDecoder(packed).settings();
        assertEquals("pack-quantized", settings.get("format").asString());
        assertEquals(
                "channel",
                settings.at("/config_groups/group_0/weights/strategy").asString());
        assertEquals("lm_head", settings.at("/ignore/0").asString());
        assertFalse(Files.exists(packed.resolve("quantize_config.json")));
        Path bnb = temp.resolve("bnb");
        Exports.folder(model, bnb, Options.of(Kind.BNB).withType("nf4-dq"));
        settings = new LayoutDecoder(bnb).settings();
        assertTrue(settings.get("bnb_4bit_use_double_quant").asBoolean());
        assertEquals("nf4", settings.get("bnb_4bit_quant_type").asString());
        assertEquals("bfloat16", settings.get("bnb_4bit_compute_dtype").asString());
    }

    /** Rows of 176 are no whole groups of 32, and 64 does not divide them either. */
    @Test
    void awkwardRowsStayPlainOrAreCountedThroughTheMatrix() throws IOException {
        Path model = Exports.convert(Exports.TINY, "int4:32", temp.resolve("model.ingot"));
        ExportResult gptq = Exports.folder(model, temp.resolve("gptq"), Options.of(Kind.GPTQ));
        assertTrue(gptq.lossless());
        assertEquals(
                3,
                gptq.notes().stream().filter(n -> n.contains("stays plain")).count(),
                gptq.notes().toString());
        assertTrue(Exports.sameWeights(model, temp.resolve("gptq")));
        ExportResult bnb = Exports.folder(Exports.TINY, temp.resolve("bnb"), Options.of(Kind.BNB));
        for (ExportResult.Tensor t : bnb.tensors()) {
            assertEquals(!t.name().endsWith("_proj.weight"), t.lossless(), t.name());
        }
        LayoutDecoder decoder = new LayoutDecoder(temp.resolve("bnb"));
        assertEquals(
                64 * 176 / 64,
                decoder.tensor("model.layers.0.mlp.down_proj.weight.absmax").shape()[0]);
    }

    @Test
    void aFolderWithNothingInTheFormatIsRefused() {
        var e = assertThrows(
                IngotException.Usage.class,
                () -> Exports.folder(
                        Exports.TINY, temp.resolve("x"), Options.of(Kind.GPTQ).withGroup(1024)));
        assertTrue(e.getMessage().contains("no linear layer can be stored as gptq int4 g1024"), e.getMessage());
        assertFalse(Files.exists(temp.resolve("x")));
        // Without a group, rows of 64 and 176 have one scale each.
        assertEquals(
                "gptq int4 channel",
                Exports.folder(Exports.TINY, temp.resolve("y"), Options.of(Kind.GPTQ))
                        .type());
    }

    /** The error a summary states is the error there is. */
    @ParameterizedTest
    @CsvSource({"GPTQ, int4", "GPTQ, int8", "BNB, nf4", "BNB, nf4-dq", "COMPRESSED_TENSORS, int4"})
    void roundingIsReported(Kind kind, String type) {
        Path folder = temp.resolve("folder");
        Options options = Options.of(kind).withType(type).withThreads(3);
        ExportResult result =
                Exports.folder(Exports.TRAINED, folder, kind == Kind.BNB ? options : options.withGroup(64));
        var rows = Comparison.compare(Exports.TRAINED, folder, Progress.none()).tensors();
        double worst = 0;
        for (int i = 0; i < rows.size(); i++) {
            ExportResult.Tensor t = result.tensors().get(i);
            assertEquals(rows.get(i).name(), t.name());
            assertEquals(rows.get(i).nmse(), t.nmse(), 1e-6 * t.nmse(), t.name());
            worst = Math.max(worst, t.nmse());
        }
        double bound = type.equals("int8") ? 7e-5 : 1.3e-2;
        assertTrue(worst > 1e-6 && worst < bound, type + " " + worst);
    }

    @Test
    void shardsHaveAnIndexAndTheSameTensors() throws IOException {
        Path one = temp.resolve("one");
        Path many = temp.resolve("many");
        Exports.folder(Exports.TRAINED, one, Options.of(Kind.GPTQ).withType("int4"));
        var result = Exports.folder(
                Exports.TRAINED,
                many,
                Options.of(Kind.GPTQ).withType("int4").withShardBytes(1 << 20).withThreads(1));
        assertTrue(result.files().size() >= 4, result.files().toString());
        assertTrue(Files.exists(many.resolve("model.safetensors.index.json")));
        assertFalse(Files.exists(many.resolve("model.safetensors")));
        LayoutDecoder a = new LayoutDecoder(one);
        LayoutDecoder b = new LayoutDecoder(many);
        assertEquals(a.tensors.keySet(), b.tensors.keySet());
        a.tensors.forEach((name, t) -> assertEquals(t.data(), b.tensor(name).data(), name));
        assertTrue(Exports.sameWeights(one, many));
    }

    @Test
    void aModelIsReplacedOnlyWhenAskedForAndWhole() throws IOException {
        Path folder = temp.resolve("folder");
        Exports.folder(Exports.TINY, folder, Options.of(Kind.HF).withShardBytes(50_000));
        Path index = folder.resolve("model.safetensors.index.json");
        assertTrue(Files.exists(index));
        Files.writeString(folder.resolve("notes.txt"), "mine");
        var gptq = Options.of(Kind.GPTQ).withGroup(16);
        assertThrows(IngotException.CannotCreate.class, () -> Exports.folder(Exports.TINY, folder, gptq));
        assertTrue(Files.exists(index));
        Exports.folder(Exports.TINY, folder, gptq.withOverwrite(true));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    List.of(
                            "config.json",
                            "generation_config.json",
                            "model.safetensors",
                            "notes.txt",
                            "quantize_config.json"),
                    files.map(f -> f.getFileName().toString()).sorted().toList());
        }
        assertThrows(
                IngotException.Usage.class,
                () -> Exports.folder(folder, folder, Options.of(Kind.HF).withOverwrite(true)));
        // Exported again as plain numbers it says nothing of GPTQ any more.
        Path plain = temp.resolve("plain");
        Exports.folder(folder, plain, Options.of(Kind.HF));
        assertFalse(Files.readString(plain.resolve("config.json")).contains("quantization_config"));
        assertTrue(Exports.sameWeights(folder, plain));
    }
}
