package ingot.tests.gptq;

import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Small checkpoints of every family, and conversions of them. */
final class Checkpoints {
    static final List<String> FAMILIES = List.of(
            "qwen1-late-safetensors",
            "qwen1-bin",
            "qwen2-e2e",
            "qwen2-swa-yarn",
            "qwen2-tied-f32",
            "qwen3-tied-bf16",
            "qwen2_moe-a",
            "qwen3_moe-a",
            "qwen3_next-a",
            "qwen3_5-a",
            "qwen3_5_moe-a");

    private static final Path GOLDEN = Path.of(System.getProperty("ingot.root"), "golden-outputs");
    static final Path TRAINED = GOLDEN.resolve("models/qwen3-6m-gutenberg");

    private Checkpoints() {}

    static Path folder(String name) {
        return GOLDEN.resolve("checkpoints").resolve(name);
    }

    /** Two f32 evaluation orders of gated DeltaNet layers differ by more. */
    static boolean hybrid(String name) {
        return name.startsWith("qwen3_next") || name.startsWith("qwen3_5");
    }

    /** A token file: the prompts of the checkpoint and random texts. */
    static Path tokens(String name, Path file) throws IOException {
        StringBuilder lines = new StringBuilder();
        int vocabulary;
        try (GoldenFile golden = GoldenFile.open(folder(name).resolve("golden.safetensors"))) {
            vocabulary = golden.vocabSize();
            for (GoldenPrompt prompt : golden.prompts()) {
                lines.append(line(prompt.inputIds()));
            }
        }
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 6; i++) {
            lines.append(line(random.ints(33, 0, vocabulary).toArray()));
        }
        return Files.writeString(file, lines);
    }

    static String line(int... ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(", ", "{\"ids\": [", "]}\n"));
    }

    /** Options of a conversion with error feedback. */
    static ConvertOptions gptq(String type, Path data, boolean resume) {
        return gptq(type, data, Rounding.Feedback.in(Order.Kind.ACTIVATION), resume);
    }

    static ConvertOptions gptq(String type, Path data, Rounding.Feedback how, boolean resume) {
        var calibration = new CalibrationOptions(Optional.of(data), 2048, 32, 0);
        return ConvertOptions.of(ConvertOptions.layout(type))
                .withMethod(new ConvertOptions.Method.Gptq(calibration, how, resume))
                .withThreads(1);
    }

    static ConvertResult convert(Path source, Path out, ConvertOptions options) {
        return new Converter(options).convert(source, out, Progress.none());
    }

    /** Mean over the prompts of the logits' NMSE against the reference. */
    static double error(Path model, Path golden) {
        double error = 0;
        double size = 0;
        try (Model opened = Model.open(model);
                GoldenFile file = GoldenFile.open(golden);
                Session session = opened.newSession()) {
            for (GoldenPrompt prompt : file.prompts()) {
                float[] expected = new float[file.vocabSize()];
                file.readLogits(prompt, prompt.length() - 1, expected);
                session.reset();
                float[] logits = session.forward(prompt.inputIds());
                for (int i = 0; i < expected.length; i++) {
                    error += Math.pow((double) logits[i] - expected[i], 2);
                    size += Math.pow(expected[i], 2);
                }
            }
        }
        return error / size;
    }

    /** The child: SOURCE OUTPUT TYPE TOKENS STEP. Dies at the progress call with that number, without a word. */
    public static void main(String[] args) {
        int[] left = {Integer.parseInt(args[4])};
        ConvertOptions options = gptq(args[2], Path.of(args[3]), true).withOverwrite(true);
        new Converter(options).convert(Path.of(args[0]), Path.of(args[1]), (phase, done, total, unit) -> {
            if (left[0]-- == 0) {
                Runtime.getRuntime().halt(9);
            }
        });
    }
}
