package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.quant.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
        if (html != null) {
            Outputs.requireFolder(html);
            try {
                boolean same = html.toAbsolutePath()
                                .normalize()
                                .equals(output.toAbsolutePath().normalize())
                        || (Files.exists(html) && Files.exists(output) && Files.isSameFile(html, output));
                if (same) {
                    throw new IngotException.Usage("--html " + Text.path(html) + " is the output; name another file");
                }
            } catch (IOException e) {
                throw new IngotException.ReadWrite(Text.path(html) + ": " + e.getMessage(), e);
            }
            inputs.forEach(this::requireNot);
            Optional.ofNullable(evaluate).ifPresent(this::requireNot);
        }
        if (evaluate == null && (evaluateTokens != null || evaluateWindow != null)) {
            throw new IngotException.Usage("--evaluate-tokens and --evaluate-window are for --evaluate");
        }
        if (evaluate != null) {
            if (dryRun) {
                throw new IngotException.Usage("--evaluate needs an output to evaluate; leave --dry-run out");
            }
            if (!Files.isRegularFile(evaluate)) {
                throw new IngotException.MissingInput(Text.path(evaluate) + ": no such file");
            }
            evaluation();
        }
    }

    /** The report may replace an older one, but nothing that the conversion reads. */
    private void requireNot(Path input) {
        if (html == null || !Files.exists(html) || !Files.exists(input)) {
            return;
        }
        try {
            // A folder is read as a whole; toRealPath, as links may lead into it.
            if (html.toRealPath().startsWith(input.toRealPath()) || Files.isSameFile(html, input)) {
                throw new IngotException.Usage("--html " + Text.path(html) + " is part of " + Text.path(input)
                        + ", which is read; name another file");
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(html) + ": " + e.getMessage(), e);
        }
    }

    /** What to evaluate on, if anything. */
    Optional<Evaluation.Options> evaluation() {
        return Optional.ofNullable(evaluate)
                .map(text -> new Evaluation.Options(
                        text,
                        Objects.requireNonNullElse(evaluateTokens, 8192),
                        Objects.requireNonNullElse(evaluateWindow, 512)));
    }
}
