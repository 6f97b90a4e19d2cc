package ingot.cli.render;

import ingot.quant.CodeStatistics;
import ingot.quant.ConvertResult;
import ingot.quant.Evaluation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A conversion and what was found out about it, for every form of output.
 *
 * @param source path as typed
 * @param codes by tensor; empty where nothing was counted
 */
public record ConvertView(
        String source,
        ConvertResult result,
        Duration took,
        boolean dryRun,
        Map<String, CodeStatistics> codes,
        Optional<Evaluation> evaluation) {
    public ConvertView {
        codes = Map.copyOf(codes);
    }

    /** Harmless oddities of the source, of options that change nothing, and of what was evaluated. */
    public List<String> warnings() {
        List<String> all = new ArrayList<>(result.warnings());
        Optional<String> calibrated =
                result.calibration().map(c -> c.set().path("sha256").asString(""));
        if (evaluation.isPresent() && calibrated.equals(evaluation.map(Evaluation::sha256))) {
            all.add("the text of --evaluate is the one of the calibration; on another text the loss is larger");
        }
        return all;
    }

    /** Of something that was written from {@code source}. */
    public static ConvertView of(String source, ConvertResult result, Duration took) {
        return new ConvertView(source, result, took, false, Map.of(), Optional.empty());
    }

    /** Of a result alone. */
    public static ConvertView of(ConvertResult result, Duration took, boolean dryRun) {
        return new ConvertView("", result, took, dryRun, Map.of(), Optional.empty());
    }
}
