package ingot.cli;

import ingot.formats.IngotException;
import ingot.quant.ConvertOptions.Method;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How numbers are chosen, and the text they are calibrated on. */
final class MethodFlags {
    @Option(
            names = "--method",
            paramLabel = "NAME",
            description =
                    "How numbers are chosen: rtn, round to nearest (default); gptq, with error feedback on what the"
                            + " layers see of a calibration text (default with --calibration and --type auto); imatrix"
                            + " (export --to gguf only), to nearest, errors counting by the mean square of their inputs.")
    @Nullable
    String method;

    @Option(
            names = "--calibration",
            paramLabel = "TEXT",
            description =
                    "Text to calibrate on, or a file of token ids: lines {\"ids\": [...]} (default: a text that comes"
                            + " with Ingot).")
    @Nullable
    Path calibration;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            defaultValue = "65536",
            description = "Tokens to use of it at most (default: ${DEFAULT-VALUE}).")
    int calibrationTokens;

    @Option(
            names = "--calibration-length",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of a sequence (default: ${DEFAULT-VALUE}).")
    int calibrationLength;

    @Option(
            names = "--calibration-seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Picks the sequences where there are more (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--order",
            paramLabel = "ORDER",
            defaultValue = "ACTIVATION",
            description =
                    "Which columns are rounded first: activation, those with the strongest inputs; natural, the first"
                            + " (default: ${DEFAULT-VALUE}).")
    Order.Kind order = Order.Kind.ACTIVATION;

    @Option(
            names = "--drift",
            paramLabel = "SHARE",
            defaultValue = "1",
            description =
                    "How much of what the layers' inputs have drifted from the unquantized model's is made up for, 0 to"
                            + " 1; doubles the work of the forward passes (default: ${DEFAULT-VALUE}).")
    float drift;

    @Option(names = "--resume", description = "Go on where a calibrated run to the same output was interrupted.")
    boolean resume;

    CalibrationOptions calibrationOptions() {
        return new CalibrationOptions(Optional.ofNullable(calibration), calibrationTokens, calibrationLength, seed);
    }

    /** Whether any of this was given that means nothing to {@code rtn}. */
    boolean given() {
        return method != null || calibration != null || resume;
    }

    /** @param auto whether types or transforms are chosen on the calibration text, whatever the method */
    Method method(boolean auto) {
        String name = method != null ? method.toLowerCase(Locale.ROOT) : calibration != null || auto ? "gptq" : "rtn";
        return switch (name) {
            case "gptq" -> new Method.Gptq(calibrationOptions(), new Rounding.Feedback(order, drift), resume);
            case "imatrix" -> new Method.Imatrix(calibrationOptions(), resume);
            case "rtn" -> {
                if (calibration != null && !auto) {
                    throw new IngotException.Usage(
                            "--calibration is for --method gptq and imatrix; rtn looks at the weights alone");
                }
                if (resume) {
                    throw new IngotException.Usage("--resume is for --method gptq; rtn keeps no work to go on with");
                }
                yield new Method.Rtn();
            }
            default -> throw new IngotException.Usage("unknown method '" + method + "'; expected rtn, gptq or imatrix");
        };
    }
}
