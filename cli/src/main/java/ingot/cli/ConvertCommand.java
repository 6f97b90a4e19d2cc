package ingot.cli;

import ingot.cli.render.ConvertFormat;
import ingot.cli.render.ConvertHtml;
import ingot.cli.render.ConvertJson;
import ingot.cli.render.ConvertView;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.Words;
import ingot.quant.CodeStatistics;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.quant.Evaluation;
import ingot.quant.GgufExporter;
import ingot.quant.TypeNames;
import ingot.quant.allocation.Budget;
import ingot.quant.transform.Equivalence;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "convert",
        addMethodSubcommands = false,
        description = {
            "Reads a Hugging Face folder (also GPTQ, AWQ, bitsandbytes, compressed-tensors and FP8 ones), a .safetensors"
                    + " or PyTorch file or index in one, a GGUF file or the folder of one, or an .ingot file, and writes one file with everything a run needs: weights, tokenizer, chat template, generation defaults. The output appears"
                    + " whole or not at all; the same input, options and version give the same bytes.",
            "",
            "Types: f32, f16, bf16, int8, int6, int5, int4, int3, iq4 (the table of IQ4_NL), nf4, nf4-dq"
                    + " (double-quantized); also q8_0, q5_0, q4_0 and iq4_nl, as int8, int5, int4 and iq4 with groups of 32,"
                    + " which carry the codes of such GGUF tensors over losslessly. Embedding and output head stay int8 or"
                    + " better unless --keep says otherwise; norms and biases are f32."
        },
        footer = {
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type int4",
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type int4 --group 128 --keep down_proj=int8",
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type iq4 --keep embed_tokens=int6:64",
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type auto --budget 4.5bpw --calibration text.txt",
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type nf4 --dry-run"
        })
final class ConvertCommand extends Task {
    @Parameters(index = "0", paramLabel = "SRC", description = "A model folder or file.")
    Path source = Path.of("");

    @Option(
            names = {"-o", "--output", "--outfile"},
            paramLabel = "OUT.ingot",
            required = true,
            description = "The file to write.")
    Path output = Path.of("");

    @Option(
            names = {"--type", "--outtype"},
            paramLabel = "TYPE",
            description =
                    "Type of the linear layers (default: int8; for a quantized folder or a GGUF file its own type where"
                            + " that loses nothing). auto: each matrix the type that costs least for --budget, measured on"
                            + " the calibration text.")
    @Nullable
    String type;

    @Option(
            names = "--group",
            paramLabel = "N",
            description = "Weights per scale of int3 to int8 and iq4: a multiple of 32, or channel (default: 32).")
    @Nullable
    String group;

    @Option(
            names = "--keep",
            paramLabel = "REGEX=TYPE",
            description = "Tensors whose name contains the pattern get this type; repeatable, first match wins.")
    List<String> keep = new ArrayList<>();

    @Option(names = "--golden", paramLabel = "FILE", description = "Embed these golden logits for 'ingot verify'.")
    @Nullable
    Path golden;

    @Option(names = "--adapter", paramLabel = "DIR", description = "Merge this LoRA adapter (PEFT) into the weights.")
    @Nullable
    Path adapter;

    @Option(
            names = "--dry-run",
            description = "Say what would be written, and with --type auto what was chosen; write nothing.")
    boolean dryRun;

    @Option(names = "--force", description = "Replace an existing output.")
    boolean force;

    @Option(names = "--allow-nonfinite", description = "Convert weights that are NaN or infinite.")
    boolean allowNonFinite;

    @Option(
            names = "--transform",
            paramLabel = "LIST",
            description =
                    "Round another model with the same outputs: some of awq (scales channels by what passes them),"
                            + " free-order (orders them by it) and rotate (spreads outliers of the residual stream; the"
                            + " head becomes a matrix of its own), with commas between.")
    @Nullable
    String transform;

    @Option(
            names = "--budget",
            paramLabel = "SIZE",
            description = "With --type auto: size of all weights, in bits per weight or bytes: 4.25bpw, 4GB, 1.5GiB.")
    @Nullable
    String budget;

    @Mixin
    MethodFlags choosing = new MethodFlags();

    @Mixin
    ReportFlags report = new ReportFlags();

    @Override
    int run(Console console) {
        ConvertOptions options = types().withKeep(
                        keep.stream().map(ConvertOptions.Keep::parse).toList())
                .withMethod(choosing.method(
                        MethodFlags.Use.CONVERSION,
                        auto() || transforms().wanted().stream().anyMatch(Equivalence::measured)))
                .withTransforms(transforms())
                .withAllowNonFinite(allowNonFinite)
                .withOverwrite(force);
        if (golden != null) {
            options = options.withGolden(golden);
        }
        if (adapter != null) {
            options = options.withAdapter(adapter);
        }
        if (common.threads != 0) {
            options = options.withThreads(common.threads);
        }
        report.check(output, inputs(), dryRun);
        ConvertView view = convert(options, console);
        view.warnings().forEach(w -> console.note("warning: " + w));
        if (report.html != null) {
            Outputs.write(report.html, ConvertHtml.of(view));
        }
        if (common.json) {
            print(console, ConvertJson.of(view));
        } else {
            console.out().print(ConvertFormat.text(view));
        }
        return ExitCode.DONE;
    }

    private ConvertView convert(ConvertOptions options, Console console) {
        Converter converter = new Converter(options);
        long start = System.nanoTime();
        boolean resumable = !dryRun && options.method().calibratedOn().isPresent();
        try (var progress = common.progress(console);
                var kept = KeptWork.during(console, output, resumable)) {
            // Read first: what is wrong with it should not show after an hour of converting.
            Optional<Evaluation.Windows> windows = report.evaluation().map(on -> Evaluation.read(source, options, on));
            ConvertResult result =
                    dryRun ? converter.plan(source, output, progress) : converter.convert(source, output, progress);
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            // Counting reads the output once more: only for those who see the counts.
            boolean counted = !dryRun && (common.json || report.html != null);
            Map<String, CodeStatistics> codes =
                    counted ? CodeStatistics.read(output, options.threads(), progress) : Map.of();
            Optional<Evaluation> evaluation = windows.map(on -> Evaluation.of(source, output, options, on, progress));
            return new ConvertView(source.toString(), result, took, dryRun, codes, evaluation);
        }
    }

    private List<Path> inputs() {
        return Stream.of(source, choosing.calibration, golden, adapter)
                .filter(Objects::nonNull)
                .toList();
    }

    private ConvertOptions.Transforms transforms() {
        String list = transform;
        return list == null
                ? ConvertOptions.Transforms.NONE
                : new ConvertOptions.Transforms(
                        Flags.of("--transform", () -> Equivalence.parse(list)), choosing.calibrationOptions());
    }

    /** Types of GGUF files that no .ingot file has: the word is right, the command is not. */
    private static void refuseGguf(String type) {
        String name = type.toLowerCase(Locale.ROOT);
        boolean ours = TypeNames.ALL.contains(name) || TypeNames.ALIASES.contains(name);
        if (!ours && name.matches("i?q[0-9]_.*")) {
            String meant = GgufExporter.types().contains(name)
                    ? name
                    : Words.nearest(name, GgufExporter.types()).orElse("q4_k");
            throw new IngotException.Usage("--type " + Text.quote(type) + " is a type of GGUF files, written by 'ingot"
                    + " export SRC --to gguf --type " + meant + " -o OUT.gguf'; .ingot files have "
                    + String.join(", ", TypeNames.ALL));
        }
    }

    private boolean auto() {
        return "auto".equalsIgnoreCase(type);
    }

    private ConvertOptions types() {
        if (!auto()) {
            if (budget != null) {
                throw new IngotException.Usage("--budget is for --type auto; with another type the type says the size");
            }
            String asked = type == null ? "int8" : type;
            refuseGguf(asked);
            Flags.of("--type", () -> ConvertOptions.layout(asked, Optional.empty()));
            return ConvertOptions.of(
                            Flags.of("--group", () -> ConvertOptions.layout(asked, Optional.ofNullable(group))))
                    .withSame(type == null && group == null);
        }
        if (budget == null) {
            throw new IngotException.Usage("--type auto needs --budget, for example --budget 4.5bpw or --budget 2GB");
        }
        if (group != null) {
            throw new IngotException.Usage("--type auto chooses the groups too; leave --group out");
        }
        return ConvertOptions.of(ConvertOptions.layout("iq4"))
                .withAuto(new ConvertOptions.Auto(Budget.parse(budget), choosing.calibrationOptions()));
    }
}
