package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.gguf.GgufFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.quant.Comparison;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertOptions.Method;
import ingot.quant.ExportResult;
import ingot.quant.ExportResult.Tensor;
import ingot.quant.GgufExporter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exports to GGUF whose blocks are chosen on a calibration set. */
final class GgufCalibrationTest {
    @TempDir
    Path temp;

    /** Stands for the end of the process. */
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static CalibrationOptions on(Path data) {
        return new CalibrationOptions(Optional.of(data), 2048, 32, 0);
    }

    private static Method gptq(Path data, boolean resume) {
        return new Method.Gptq(on(data), Rounding.Feedback.in(Order.Kind.ACTIVATION), resume);
    }

    private static GgufExporter.Options options(String type, Method method) {
        return GgufExporter.Options.defaults().withType(type).withMethod(method).withThreads(1);
    }

    private static ExportResult export(Path source, Path out, GgufExporter.Options options) {
        return new GgufExporter(options).export(source, out, Progress.none());
    }

    private static void assertHas(GgufFile file, String key, String value) {
        String found = file.describeMetadata().get(key);
        assertTrue(found != null && found.contains(value), key + ": " + found);
    }

    private static boolean inBlocks(Tensor tensor) {
        return !List.of("f32", "f16", "bf16").contains(tensor.type());
    }

    private static double weighted(ExportResult result) {
        return result.tensors().stream()
                .mapToDouble(t -> t.loss().weightedError().orElse(0))
                .sum();
    }

    @ParameterizedTest
    @CsvSource({"qwen3_moe-a, iq4_nl", "qwen3-tied-bf16, q4_0", "qwen2-e2e, q4_1", "qwen2-tied-f32, q8_0"})
    void theSameBytesHoweverItRuns(String name, String type) throws IOException {
        Path source = Checkpoints.folder(name);
        Path data = Checkpoints.tokens(name, temp.resolve("tokens.jsonl"));
        Path one = temp.resolve("one.gguf");
        int[] calls = {0};
        ExportResult result = new GgufExporter(options(type, gptq(data, false)))
                .export(source, one, (phase, done, total, unit) -> calls[0]++);
        for (int threads : new int[] {2, 5}) {
            Path other = temp.resolve(threads + ".gguf");
            export(source, other, options(type, gptq(data, false)).withThreads(threads));
            assertEquals(-1, Files.mismatch(one, other), threads + " threads");
            Files.delete(other);
        }
        Path resumed = temp.resolve("resumed.gguf");
        for (int stop = 2; stop < calls[0]; stop += Math.max(1, calls[0] / 3)) {
            int[] left = {stop};
            Progress dying = (phase, done, total, unit) -> {
                if (left[0]-- == 0) {
                    throw new Stopped();
                }
            };
            assertThrows(
                    Stopped.class,
                    () -> new GgufExporter(options(type, gptq(data, false))).export(source, resumed, dying));
            assertFalse(Files.exists(resumed));
            export(source, resumed, options(type, gptq(data, true)));
            assertEquals(-1, Files.mismatch(one, resumed), "resumed after call " + stop);
            Files.delete(resumed);
        }
        try (var left = Files.list(temp)) {
            assertEquals(2, left.count(), "the output and the data");
        }
        for (Tensor t : result.tensors()) {
            if (!inBlocks(t)) {
                assertEquals("copy", t.loss().method(), t.name());
            } else if (!t.name().contains("embed_tokens")) {
                boolean known = t.loss().method().equals("gptq")
                        && t.loss().weightedError().isPresent();
                boolean explained =
                        t.loss().method().equals("rtn") && t.loss().note().contains("rounded to nearest");
                assertTrue(known || explained, t.toString());
            }
        }
    }

    private void stop(Path source, Path out, Method method, int call) {
        int[] left = {call};
        assertThrows(
                Stopped.class,
                () -> new GgufExporter(options("q4_0", method)).export(source, out, (phase, done, total, unit) -> {
                    if (left[0]-- == 0) {
                        throw new Stopped();
                    }
                }));
    }

    /** Work that other options did is refused, and still good for the right ones. */
    @Test
    void resumingSomethingElse() throws IOException {
        Path source = Checkpoints.folder("qwen2-e2e");
        Path data = Checkpoints.tokens("qwen2-e2e", temp.resolve("tokens.jsonl"));
        Path whole = temp.resolve("whole.gguf");
        int[] calls = {0};
        new GgufExporter(options("q4_0", gptq(data, false)))
                .export(source, whole, (phase, done, total, unit) -> calls[0]++);
        Path out = temp.resolve("out.gguf");
        stop(source, out, gptq(data, false), calls[0] / 2);
        CalibrationOptions other = new CalibrationOptions(Optional.of(data), 2048, 31, 0);
        CalibrationOptions seeded = new CalibrationOptions(Optional.of(data), 2048, 32, 1);
        Rounding.Feedback same = Rounding.Feedback.in(Order.Kind.ACTIVATION);
        for (GgufExporter.Options wrong : List.of(
                options("q4_0", new Method.Gptq(on(data), new Rounding.Feedback(Order.Kind.ACTIVATION, 0), true)),
                options("q4_0", new Method.Gptq(on(data), new Rounding.Feedback(Order.Kind.ACTIVATION, 0.5f), true)),
                options("q4_0", new Method.Gptq(on(data), Rounding.Feedback.in(Order.Kind.NATURAL), true)),
                options("q4_0", new Method.Gptq(other, same, true)),
                options("q4_0", new Method.Gptq(seeded, same, true)),
                options("q4_0", new Method.Imatrix(on(data), true)),
                options("q4_1", gptq(data, true)),
                options("q4_0", gptq(data, true)).withKeep(List.of("down_proj=q8_0")))) {
            var e = assertThrows(IngotException.Usage.class, () -> export(source, out, wrong));
            assertTrue(e.getMessage().contains("another source or other options"), e.getMessage());
        }
        export(source, out, options("q4_0", gptq(data, true)));
        assertEquals(-1, Files.mismatch(whole, out));
        try (GgufFile file = GgufFile.open(out)) {
            assertHas(file, "ingot.quantize.order", "activation");
            assertHas(file, "ingot.quantize.drift", "1");
            assertHas(file, "ingot.quantize.calibration.length", "32");
            assertHas(file, "ingot.quantize.calibration.seed", "0");
        }
    }

    /** Of both residual streams neither can be done without. */
    @ParameterizedTest
    @CsvSource({"hidden-, source-hidden-", "source-hidden-, hidden-"})
    void aStreamIsMissing(String lost, String kept) throws IOException {
        Path source = Checkpoints.folder("qwen2-e2e");
        Path data = Checkpoints.tokens("qwen2-e2e", temp.resolve("tokens.jsonl"));
        Path out = temp.resolve("out.gguf");
        int[] calls = {0};
        new GgufExporter(options("q4_0", gptq(data, false)))
                .export(source, temp.resolve("whole.gguf"), (phase, done, total, unit) -> calls[0]++);
        stop(source, out, gptq(data, false), calls[0] / 2);
        List<Path> files;
        try (var all = Files.list(temp.resolve("out.gguf.work"))) {
            files = all.toList();
        }
        assertTrue(files.stream().anyMatch(f -> f.getFileName().toString().startsWith(kept)), files.toString());
        for (Path file : files) {
            if (file.getFileName().toString().startsWith(lost)) {
                Files.delete(file);
            }
        }
        var e = assertThrows(
                IngotException.BadData.class, () -> export(source, out, options("q4_0", gptq(data, true))));
        assertTrue(e.getMessage().contains("is missing; convert without --resume"), e.getMessage());
    }

    /** Feedback leaves less of an error in the outputs than weighting does, and both say what they are. */
    @Test
    void feedbackAgainstImportance() throws IOException {
        Path source = Checkpoints.folder("qwen2-e2e");
        Path data = Checkpoints.tokens("qwen2-e2e", temp.resolve("tokens.jsonl"));
        Path feedback = temp.resolve("gptq.gguf");
        Path importance = temp.resolve("imatrix.gguf");
        ExportResult ours = export(source, feedback, options("q4_0", gptq(data, false)));
        ExportResult theirs = export(source, importance, options("q4_0", new Method.Imatrix(on(data), false)));
        assertTrue(weighted(ours) < 0.75 * weighted(theirs), weighted(ours) + " against " + weighted(theirs));
        assertTrue(theirs.tensors().stream().anyMatch(t -> t.loss().method().equals("imatrix")));
        Path plain = temp.resolve("rtn.gguf");
        export(source, plain, options("q4_0", new Method.Rtn()));
        assertFalse(Comparison.compare(plain, importance, Progress.none()).equal());
        try (GgufFile file = GgufFile.open(feedback)) {
            assertHas(file, "ingot.quantize.method", "gptq");
            assertHas(file, "ingot.quantize.calibration.data", "tokens.jsonl");
        }
        try (GgufFile file = GgufFile.open(importance)) {
            assertHas(file, "quantize.imatrix.dataset", "tokens.jsonl");
        }
    }

    /** What the text never asks for is rounded all the same: not every text is this one. */
    @Test
    void columnsThatTheTextLeavesAtZero() throws IOException {
        String name = "qwen2-tied-f32";
        Path folder = Files.createDirectory(temp.resolve("model"));
        Files.copy(Checkpoints.folder(name).resolve("config.json"), folder.resolve("config.json"));
        Path weights = folder.resolve("model.safetensors");
        Files.copy(Checkpoints.folder(name).resolve("model.safetensors"), weights);
        long at;
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            at = Objects.requireNonNull(file.tensors().get("model.layers.0.input_layernorm.weight"))
                    .offset();
        }
        try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(4 * 32), at);
        }
        Path data = Checkpoints.tokens(name, temp.resolve("tokens.jsonl"));
        ExportResult result =
                export(folder, temp.resolve("o.gguf"), options("q4_0", new Method.Imatrix(on(data), false)));
        Tensor query = result.tensors().stream()
                .filter(t -> t.name().equals("model.layers.0.self_attn.q_proj.weight"))
                .findFirst()
                .orElseThrow();
        assertEquals("imatrix", query.loss().method());
        // Of 64 columns: with 32 at zero it would be about a half.
        assertTrue(query.loss().nmse() < 0.02, query.toString());
    }

    /** Numbers that the type holds are not chosen anew. */
    @Test
    void whatIsCarriedOverStays() throws IOException {
        Path source = Checkpoints.folder("qwen2-e2e");
        Path data = Checkpoints.tokens("qwen2-e2e", temp.resolve("tokens.jsonl"));
        Path model = temp.resolve("model.ingot");
        Checkpoints.convert(source, model, ConvertOptions.of(ConvertOptions.layout("int4")));
        Path file = temp.resolve("model.gguf");
        var keepHead = options("q4_0", gptq(data, false)).withKeep(List.of("embed|lm_head=q8_0"));
        ExportResult result = export(model, file, keepHead);
        assertTrue(result.lossless(), result.tensors().toString());
        assertTrue(
                result.notes().toString().contains("nothing to calibrate"),
                result.notes().toString());
        assertTrue(result.tensors().stream().allMatch(t -> t.loss().method().equals("copy")));
        assertTrue(Comparison.compare(model, file, Progress.none()).equal());
        // Its blocks are copied on the way to another file.
        ExportResult again = export(file, temp.resolve("again.gguf"), keepHead);
        assertTrue(again.lossless());
    }

    /** An embedding that is not the head is rounded to nearest: no reason to read the text and run the layers. */
    @Test
    void onlyTheEmbeddingIsRounded() {
        Path model = temp.resolve("model.ingot");
        ConvertOptions stored = ConvertOptions.of(ConvertOptions.layout("int4"));
        Checkpoints.convert(Checkpoints.folder("qwen3_moe-a"), model, stored);
        var small = options("q4_0", gptq(temp.resolve("never-read"), false))
                .withKeep(List.of("embed=q5_0", "lm_head=q8_0"));
        ExportResult result = export(model, temp.resolve("small.gguf"), small);
        assertFalse(result.lossless());
        assertTrue(
                result.notes().toString().contains("nothing to calibrate"),
                result.notes().toString());
    }
}
