package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.quant.Evaluation;
import ingot.quant.calibration.CalibrationOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is found out about a conversion beside what it does. */
final class ReportFlags {
    @Option(
            names = "--html",
            paramLabel = "FILE",
            description =
                    "Also write a report with plots: errors, codes, scales, experts, loss against bits; one file.")
    @Nullable
    Path html;

    @Option(
            names = "--evaluate",
            paramLabel = "TEXT",
            description =
                    "Then compare the output's predictions with the source's on this text, or file of token ids, which"
                            + " should be another than the one of --calibration: KL divergence, same top-1.")
    @Nullable
    Path evaluate;

    @Option(names = "--evaluate-tokens", paramLabel = "N", description = "Tokens to use of it at most (default: 8192).")
    @Nullable
    Integer evaluateTokens;

    @Option(
            names = "--evaluate-window",
            paramLabel = "N",
            description = "Tokens of a window; the second half is scored, as by 'ingot perplexity' (default: 512).")
    @Nullable
    Integer evaluateWindow;

    /**
     * Refuses what could only fail after the conversion.
     *
     * @param inputs files and folders that are read besides the text to evaluate on
     */
    void check(Path output, List<Path> inputs, boolean dryRun) {
        Outputs.requireReport(html, output, Stream.concat(inputs.stream(), Stream.ofNullable(evaluate)));
        if (evaluate == null && (evaluateTokens != null || evaluateWindow != null)) {
            throw new IngotException.Usage("--evaluate-tokens and --evaluate-window are for --evaluate");
        }
        if (evaluate != null) {
            if (dryRun) {
                throw new IngotException.Usage("--evaluate needs an output to evaluate; leave --dry-run out");
            }
            evaluation();
            if (!Files.isRegularFile(evaluate)) {
                throw new IngotException.MissingInput(Text.path(evaluate) + ": no such file");
            }
        }
    }

    /** What to evaluate on, if anything. */
    Optional<Evaluation.Options> evaluation() {
        int window = Objects.requireNonNullElse(evaluateWindow, 512);
        int tokens = Objects.requireNonNullElse(evaluateTokens, 8192);
        Flags.range("--evaluate-window", window, 4, CalibrationOptions.MAX_LENGTH, "");
        Flags.range("--evaluate-tokens", tokens, window, Integer.MAX_VALUE, ", one window of --evaluate-window");
        return Optional.ofNullable(evaluate).map(text -> new Evaluation.Options(text, tokens, window));
    }
}
