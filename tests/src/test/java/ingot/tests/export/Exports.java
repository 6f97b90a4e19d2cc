package ingot.tests.export;

import ingot.formats.Progress;
import ingot.quant.Comparison;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.ExportResult;
import ingot.quant.FolderExporter;
import ingot.quant.GgufExporter;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.nio.file.Path;

/** What the export tests do with models. */
final class Exports {
    static final Path ROOT = Path.of(System.getProperty("ingot.root"), "golden-outputs");
    /** Hidden 64, MLP 176, vocabulary 480, tied, no tokenizer: sizes that are no whole blocks. */
    static final Path TINY = ROOT.resolve("checkpoints/qwen3-tied-bf16");
    /** Hidden 256, MLP 768, vocabulary 4096, tied: whole blocks everywhere. */
    static final Path TRAINED = ROOT.resolve("models/qwen3-6m-gutenberg");

    private static final int[] PROMPT = {3, 141, 59, 265, 35, 8, 97, 93, 238, 46, 31};

    private Exports() {}

    static Path convert(Path source, String type, Path output) {
        new Converter(ConvertOptions.of(ConvertOptions.layout(type))).convert(source, output, Progress.none());
        return output;
    }

    /** As the command converts without a type: what is quantized keeps its numbers. */
    static Path convertBack(Path source, Path output) {
        new Converter(ConvertOptions.of(ConvertOptions.layout("f32")).withSame(true))
                .convert(source, output, Progress.none());
        return output;
    }

    static ExportResult gguf(Path model, Path file) {
        return new GgufExporter(GgufExporter.Options.defaults()).export(model, file, Progress.none());
    }

    static ExportResult gguf(Path model, Path file, String type) {
        return new GgufExporter(GgufExporter.Options.defaults().withType(type)).export(model, file, Progress.none());
    }

    static ExportResult folder(Path model, Path folder, FolderExporter.Options options) {
        return new FolderExporter(options).export(model, folder, Progress.none());
    }

    static boolean sameWeights(Path a, Path b) {
        return Comparison.compare(a, b, Progress.none()).equal();
    }

    /** Logits at every position, [tokens][vocab]. */
    static float[] logits(Path file) {
        try (Model model = Model.open(file);
                Session session = model.newSession()) {
            int vocab = model.info().vocabSize();
            float[] all = new float[PROMPT.length * vocab];
            session.forward(PROMPT, (position, row) -> System.arraycopy(row, 0, all, position * vocab, vocab));
            return all;
        }
    }
}
