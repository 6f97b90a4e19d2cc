package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.quant.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Option(
            names = "--evaluate-tokens",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Tokens to use of it at most (default: ${DEFAULT-VALUE}).")
    int evaluateTokens;

    @Option(
            names = "--evaluate-window",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of a window; the second half is scored, as by 'ingot perplexity' (default:"
                    + " ${DEFAULT-VALUE}).")
    int evaluateWindow;

    /** Refuses what could only fail after the conversion. */
    void check(Path output, boolean dryRun) {
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

    /** What to evaluate on, if anything. */
    Optional<Evaluation.Options> evaluation() {
        return Optional.ofNullable(evaluate).map(text -> new Evaluation.Options(text, evaluateTokens, evaluateWindow));
    }
}
