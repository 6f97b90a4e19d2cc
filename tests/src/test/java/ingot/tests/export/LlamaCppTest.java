package ingot.tests.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import de.kherud.llama.args.LogFormat;
import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.ExportResult;
import ingot.quant.GgufExporter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.sample.Sampler;
import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * llama.cpp itself loads what is exported and generates what the runtime here generates. With floating-point weights every
 * token is the same, but for ties: it rounds activations to the type of the weights. It rounds activations to 8 bits before products with quantized weights, which moves logits by some
 * tenths: there each of its tokens is the best one here, given those before, or nearly as good.
 */
final class LlamaCppTest {
    private static final List<String> PROMPTS =
            List.of("It was a dark and stormy night, and", "\"My dear Watson,\" said Holmes,", "There is nothing more");
    private static final int TOKENS = 16;

    /** Nats between the best token and the one llama.cpp takes. */
    private static final double NEARLY = 0.3;

    @TempDir
    private Path temp;

    private static Path qwen2;

    @BeforeAll
    static void prepare(@TempDir Path shared) throws IOException {
        LlamaModel.setLogger(LogFormat.TEXT, (level, message) -> {});
        qwen2 = TrainedQwen2.write(shared.resolve("qwen2"));
    }

    @ParameterizedTest
    @CsvSource({"f32, 0.0001", "bf16, 0.01", "f16, 0.01"})
    void plainTypesGenerateTheModelsTokens(String type, double bound) {
        Path model = Exports.convert(qwen2, type, temp.resolve("model.ingot"));
        Path file = temp.resolve("model.gguf");
        assertTrue(Exports.gguf(model, file).lossless());
        double worst = worst(model, theirs(file));
        assertTrue(worst <= bound, type + ": " + worst);
    }

    @ParameterizedTest
    @CsvSource({"int8:32", "int4:32", "int4:64", "int8:channel"})
    void losslessTypesGenerateTheModelsTokens(String type) {
        Path model = Exports.convert(qwen2, type, temp.resolve("model.ingot"));
        Path file = temp.resolve("model.gguf");
        assertTrue(Exports.gguf(model, file).lossless());
        double worst = worst(model, theirs(file));
        assertTrue(worst <= NEARLY, type + ": " + worst);
    }

    static List<String> types() {
        return GgufExportTest.types();
    }

    @ParameterizedTest
    @MethodSource("types")
    void everyBlockTypeLoadsAndGeneratesTheSame(String type) {
        Path file = temp.resolve("model.gguf");
        Exports.gguf(qwen2, file, type);
        assertNearlyTheSame(type, agreement(file, theirs(file)));
    }

    /**
     * The same of blocks whose numbers error feedback chose, scales and minima included: they are no codes that rounding to
     * nearest would write, but the format's all the same. One layer has every kind of matrix; with {@code
     * -Dingot.llama.whole=true} it is the whole model.
     */
    @ParameterizedTest
    @MethodSource("types")
    void blocksOfErrorFeedbackGenerateTheSame(String type) throws IOException {
        String all = Files.readString(Exports.TRAINED.resolveSibling("calibration.txt"));
        Path text = Files.writeString(temp.resolve("text.txt"), all.substring(0, 4_000));
        var calibration = new CalibrationOptions(Optional.of(text), 256, 64, 0);
        var method = new ConvertOptions.Method.Gptq(calibration, Rounding.Feedback.in(Order.Kind.ACTIVATION), false);
        boolean whole = Boolean.getBoolean("ingot.llama.whole");
        var options = GgufExporter.Options.defaults()
                .withType(type)
                .withKeep(whole ? List.of() : List.of("layers\\.[1-9]|embed=f16"))
                .withMethod(method);
        Path file = temp.resolve("model.gguf");
        ExportResult result = new GgufExporter(options).export(qwen2, file, Progress.none());
        long chosen = result.tensors().stream()
                .filter(t -> t.type().equals(type) && t.loss().method().equals("gptq"))
                .count();
        assertTrue(chosen >= 7, "matrices with error feedback: " + chosen);
        assertNearlyTheSame(type, agreement(file, theirs(file)));
    }

    private static void assertNearlyTheSame(String type, Agreement agreement) {
        assertTrue(agreement.worst() <= NEARLY, type + ": " + agreement);
        assertEquals(PROMPTS.size() * TOKENS, agreement.tokens());
        assertTrue(agreement.same() >= 0.8 * agreement.tokens(), type + ": " + agreement);
    }

    /** The bound can fail: another model's text is far from the best. */
    @Test
    void anotherModelGeneratesAnotherText() {
        Path file = temp.resolve("model.gguf");
        Exports.gguf(qwen2, file);
        double worst = worst(Exports.TRAINED, theirs(file));
        assertTrue(worst > 10 * NEARLY, "" + worst);
    }

    @Test
    void splitFilesLoad() {
        Path file = temp.resolve("split.gguf");
        var options = GgufExporter.Options.defaults().withSplitBytes(3_000_000);
        var result = new GgufExporter(options).export(qwen2, file, Progress.none());
        double worst = worst(qwen2, theirs(result.files().getFirst()));
        assertTrue(worst <= 0.01, "" + worst);
    }

    @Test
    void itsTokenizerGivesTheSameIds() {
        Path file = temp.resolve("model.gguf");
        Exports.gguf(qwen2, file, "q8_0");
        try (LlamaModel llama = new LlamaModel(parameters(file));
                Model model = Model.open(file)) {
            Tokenizer tokenizer = model.tokenizer().orElseThrow();
            for (String text : List.of(
                    "Once upon a time",
                    "  spaces\n\n\tand tabs ",
                    "don't, it's 1234567 'RE",
                    "漢字とkana",
                    "naïve — “quote”",
                    "😀")) {
                assertArrayEquals(tokenizer.encode(text, AddedTokenParsing.RECOGNIZE), llama.encode(text), text);
            }
        }
    }

    private static ModelParameters parameters(Path file) {
        return new ModelParameters()
                .setModel(file.toString())
                // Its threads wait by spinning: on a busy machine two are slower than one.
                .setThreads(1)
                .setThreadsBatch(1)
                .setCtxSize(256)
                .setGpuLayers(0)
                .setCacheTypeK(CacheType.F32)
                .setCacheTypeV(CacheType.F32)
                .skipWarmup();
    }

    /** What it generates to every prompt, piece by piece: a token, or several where one alone is no whole character. */
    private static List<List<String>> theirs(Path file) {
        List<List<String>> texts = new ArrayList<>();
        try (LlamaModel llama = new LlamaModel(parameters(file))) {
            for (String prompt : PROMPTS) {
                List<String> pieces = new ArrayList<>();
                llama.generate(new InferenceParameters(prompt)
                                .setTemperature(0)
                                .setTopK(1)
                                .setRepeatPenalty(1)
                                .setCachePrompt(false)
                                .setNPredict(TOKENS))
                        .forEach(output -> pieces.add(output.text));
                texts.add(pieces);
            }
        }
        return texts;
    }

    /**
     * @param worst the largest gap between the best token and the one in the text, over all texts
     * @param same how many tokens of the texts are the best ones
     */
    private record Agreement(double worst, int same, int tokens) {}

    private static double worst(Path file, List<List<String>> texts) {
        return agreement(file, texts).worst();
    }

    private static Agreement agreement(Path file, List<List<String>> texts) {
        double worst = 0;
        int same = 0;
        int tokens = 0;
        try (Model model = Model.open(file);
                Session session = model.newSession()) {
            Tokenizer tokenizer = model.tokenizer().orElseThrow();
            for (int p = 0; p < PROMPTS.size(); p++) {
                session.reset();
                float[] logits = session.forward(tokenizer.encode(PROMPTS.get(p), AddedTokenParsing.PLAIN_TEXT));
                assertTrue(
                        String.join("", texts.get(p)).length() > TOKENS,
                        texts.get(p).toString());
                for (String piece : texts.get(p)) {
                    byte[] left = piece.getBytes(StandardCharsets.UTF_8);
                    while (left.length > 0) {
                        int ours = Sampler.argmax(logits);
                        int token = next(tokenizer, logits, left);
                        worst = Math.max(worst, logits[ours] - logits[token]);
                        same += token == ours ? 1 : 0;
                        tokens++;
                        left = Arrays.copyOfRange(left, bytes(tokenizer, token).length, left.length);
                        logits = session.forward(token);
                    }
                }
            }
        }
        return new Agreement(worst, same, tokens);
    }

    /** The token that is all of {@code left}, or else the likeliest that it may begin with. */
    private static int next(Tokenizer tokenizer, float[] logits, byte[] left) {
        int next = -1;
        boolean whole = false;
        for (int id = 0; id < logits.length; id++) {
            byte[] piece = bytes(tokenizer, id);
            int n = piece.length;
            boolean all = n == left.length;
            boolean better = next < 0 || (all && !whole) || (all == whole && logits[id] > logits[next]);
            if (n > 0 && better && Arrays.equals(piece, 0, n, left, 0, Math.min(n, left.length))) {
                next = id;
                whole = all;
            }
        }
        assertTrue(next >= 0, "no token begins " + new String(left, StandardCharsets.UTF_8));
        return next;
    }

    private static byte[] bytes(Tokenizer tokenizer, int id) {
        return tokenizer.decodeBytes(new int[] {id}, SpecialTokens.KEEP);
    }
}
