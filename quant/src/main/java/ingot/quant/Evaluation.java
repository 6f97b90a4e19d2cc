package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.quant.calibration.EvaluationPass;
import ingot.quant.calibration.WorkFolder;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How far the predictions of a converted file lie from its source's on a text.
 *
 * @param data name of the text
 * @param sha256 of its bytes, in hex
 */
public record Evaluation(String data, String sha256, PerplexityResult scores) {
    /**
     * What to evaluate on.
     *
     * @param data a text file, or a file of token ids as for calibration
     * @param tokens how many to use, at most; of a longer text windows from all over it
     * @param window tokens of a window; the second half of each is scored
     */
    public record Options(Path data, int tokens, int window) {
        public Options {
            if (window < 4 || window > CalibrationOptions.MAX_LENGTH) {
                throw new IngotException.Usage(
                        "evaluation windows of " + window + " tokens; expected 4 to " + CalibrationOptions.MAX_LENGTH);
            }
            if (tokens < window) {
                throw new IngotException.Usage("evaluation on " + tokens + " tokens in windows of " + window
                        + "; expected at least one window");
            }
        }
    }

    /**
     * A text that was read.
     *
     * @param windows all of one length
     */
    public record Windows(List<int[]> windows, PerplexityOptions options, CalibrationSet from) {}

    /**
     * Reads the text, with the tokenizer of the source.
     *
     * @throws IngotException.Usage when it has less than one window
     */
    public static Windows read(Path source, ConvertOptions options, Options on) {
        try (Source reference = Source.open(source, options.adapter())) {
            CalibrationSet set = CalibrationSet.read(
                    new CalibrationOptions(Optional.of(on.data()), on.tokens(), on.window(), 0),
                    reference.tokenizer().map(Tokenizer::of),
                    reference.graph().config().vocabSize());
            List<int[]> windows = set.sequences().stream()
                    .filter(s -> s.length == on.window())
                    .toList();
            if (windows.isEmpty()) {
                throw new IngotException.Usage(Text.path(on.data()) + " has " + set.tokens()
                        + " tokens, fewer than one window of " + on.window() + "; evaluate on a longer text");
            }
            return new Windows(windows, new PerplexityOptions(on.window(), 0), set);
        }
    }

    /**
     * Compares {@code output} with {@code source}, from which {@link Converter#convert} made it, layer by layer: in memory
     * are the matrices of one layer, on disk the activations, beside the output while it lasts.
     *
     * @param options of the conversion
     */
    public static Evaluation of(Path source, Path output, ConvertOptions options, Windows on, Progress progress) {
        Path beside = output.resolveSibling(Folders.name(output) + ".evaluation");
        TypePlan types = new TypePlan(options);
        var key = Json.object().put("evaluation", on.from().sha256());
        try (Source reference = Source.open(source, options.adapter());
                Source model = Source.open(output);
                WorkFolder work = WorkFolder.begin(beside, key);
                Kernels kernels = Kernels.create(Backend.AUTO, 0, options.threads())) {
            try {
                var pass = new EvaluationPass(
                        new EvaluationPass.Weighed(
                                reference.graph(), new Calibrated.Weights(reference, options, types)),
                        new EvaluationPass.Weighed(model.graph(), new Calibrated.Weights(model, options, types)),
                        kernels);
                PerplexityResult scores = pass.run(on.windows(), on.options(), work, progress);
                return new Evaluation(on.from().name(), on.from().sha256(), scores);
            } finally {
                work.clear();
            }
        }
    }
}
