package ingot.cli;

import ingot.formats.IngotException;
import ingot.quant.ConvertOptions.Method;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
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
                            + " layers see of a calibration text (default with --calibration, and where convert"
                            + " looks at activations anyway); imatrix"
                            + " (export --to gguf only), to nearest, errors counting by the mean square of their inputs.")
    @Nullable
    String method;

    @Option(
            names = "--calibration",
            paramLabel = "TEXT",
            description =
                    "Text to calibrate on, or lines {\"text\": ...}, or of token ids: {\"ids\": [...]} (default: a text"
                            + " that comes with Ingot).")
    @Nullable
    Path calibration;

    @Option(
            names = "--calibration-tokens",
            paramLabel = "N",
            description = "Tokens to use of it at most (default: 65536).")
    @Nullable
    Integer calibrationTokens;

    @Option(names = "--calibration-length", paramLabel = "N", description = "Tokens of a sequence (default: 512).")
    @Nullable
    Integer calibrationLength;

    @Option(
            names = "--calibration-seed",
            paramLabel = "N",
            description = "Picks the sequences where there are more (default: 0).")
    @Nullable
    Long seed;

    @Option(
            names = "--order",
            paramLabel = "ORDER",
            description =
                    "Which columns are rounded first: activation, those with the strongest inputs; natural, the first"
                            + " (default: activation).")
    Order.@Nullable Kind order;

    @Option(
            names = "--drift",
            paramLabel = "SHARE",
            description =
                    "How much of what the layers' inputs have drifted from the unquantized model's is made up for, 0 to"
                            + " 1; doubles the work of the forward passes (default: 1).")
    @Nullable
    Float drift;

    @Option(names = "--resume", description = "Go on where a calibrated run to the same output was interrupted.")
    boolean resume;

    CalibrationOptions calibrationOptions() {
        CalibrationOptions usual = CalibrationOptions.defaults();
        int length = Objects.requireNonNullElse(calibrationLength, usual.length());
        int tokens = Objects.requireNonNullElse(calibrationTokens, usual.tokens());
        Flags.range("--calibration-length", length, 2, CalibrationOptions.MAX_LENGTH, "");
        Flags.range(
                "--calibration-tokens", tokens, length, Integer.MAX_VALUE, ", one sequence of --calibration-length");
        return new CalibrationOptions(
                Optional.ofNullable(calibration), tokens, length, Objects.requireNonNullElse(seed, usual.seed()));
    }

    private Rounding.Feedback feedback() {
        if (drift != null) {
            Flags.range("--drift", drift, 0, 1, "");
        }
        Rounding.Feedback usual = Rounding.Feedback.in(Order.Kind.ACTIVATION);
        return new Rounding.Feedback(
                Objects.requireNonNullElse(order, usual.order()), Objects.requireNonNullElse(drift, usual.drift()));
    }

    private boolean aboutText() {
        return calibration != null || calibrationTokens != null || calibrationLength != null || seed != null;
    }

    private boolean aboutFeedback() {
        return order != null || drift != null;
    }

    /** Whether any of this was given that means nothing to {@code rtn}. */
    boolean given() {
        return method != null || aboutText() || aboutFeedback() || resume;
    }

    /** What numbers are chosen for, which decides among the methods. */
    enum Use {
        CONVERSION("rtn", "gptq"),
        GGUF("rtn", "gptq", "imatrix");

        private final List<String> methods;

        Use(String... methods) {
            this.methods = List.of(methods);
        }
    }

    private String name(Use use, boolean auto) {
        if (method == null) {
            return calibration != null || auto ? "gptq" : "rtn";
        }
        String name = method.toLowerCase(Locale.ROOT);
        if (!use.methods.contains(name) && Use.GGUF.methods.contains(name)) {
            throw new IngotException.Usage("--method " + name + " is for 'ingot export --to gguf'; expected "
                    + String.join(" or ", use.methods));
        }
        Flags.word("--method", name, use.methods);
        return name;
    }

    /** @param auto whether types or transforms are chosen on the calibration text, whatever the method */
    Method method(Use use, boolean auto) {
        String name = name(use, auto);
        if (aboutFeedback() && !name.equals("gptq")) {
            throw new IngotException.Usage((order != null ? "--order" : "--drift") + " is for --method gptq");
        }
        if (!name.equals("rtn")) {
            return name.equals("gptq")
                    ? new Method.Gptq(calibrationOptions(), feedback(), resume)
                    : new Method.Imatrix(calibrationOptions(), resume);
        }
        if (aboutText() && !auto) {
            String others = String.join(
                    " and ", use.methods.stream().filter(m -> !m.equals("rtn")).toList());
            throw new IngotException.Usage("--calibration, --calibration-tokens, --calibration-length and"
                    + " --calibration-seed are for --method " + others + "; rtn looks at the weights alone");
        }
        if (resume) {
            throw new IngotException.Usage("--resume is for --method gptq; rtn keeps no work to go on with");
        }
        return new Method.Rtn();
    }
}
