package ingot.cli;

import ingot.cli.render.ConvertFormat;
import ingot.formats.IngotException;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "convert",
        description = {
            "Reads a Hugging Face folder (also GPTQ, AWQ, bitsandbytes, compressed-tensors and FP8 ones), a .safetensors"
                    + " or PyTorch file or index in one, a GGUF file or the folder of one, or an .ingot file, and writes one file with everything a run needs: weights, tokenizer, chat template, generation defaults. The output appears"
                    + " whole or not at all; the same input, options and version give the same bytes.",
            "",
            "Types: f32, f16, bf16, int8, int4, nf4, nf4-dq (double-quantized); also q8_0 and q4_0, as int8 and int4 with"
                    + " groups of 32, which carry the codes of such GGUF tensors over losslessly. Embedding and output head stay"
                    + " int8 or better; norms and biases are f32."
        },
        footer = {
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type int4",
            "  ingot convert Qwen3-0.6B -o qwen3.ingot --type int4 --group 128 --keep down_proj=int8",
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
                            + " that loses nothing).")
    @Nullable
    String type;

    @Option(
            names = "--group",
            paramLabel = "N",
            description = "Weights per scale of int8 and int4: a multiple of 32, or channel (default: 32).")
    @Nullable
    String group;

    @Option(names = "--method", paramLabel = "NAME", description = "How numbers are chosen: rtn, round to nearest.")
    String method = "rtn";

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

    @Option(names = "--dry-run", description = "Say what would be written; write nothing.")
    boolean dryRun;

    @Option(names = "--force", description = "Replace an existing output.")
    boolean force;

    @Option(names = "--allow-nonfinite", description = "Convert weights that are NaN or infinite.")
    boolean allowNonFinite;

    @Option(names = "--calibration", paramLabel = "TEXT", hidden = true)
    @Nullable
    Path calibration;

    @Option(names = "--budget", paramLabel = "SIZE", hidden = true)
    @Nullable
    String budget;

    @Option(names = "--resume", hidden = true)
    boolean resume;

    @Override
    int run(Console console) {
        refuseWhatIsNotThere();
        String asked = type == null ? "int8" : type;
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout(asked, Optional.ofNullable(group)))
                .withSame(type == null && group == null)
                .withKeep(keep.stream().map(ConvertOptions.Keep::parse).toList())
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
        Converter converter = new Converter(options);
        long start = System.nanoTime();
        ConvertResult result;
        if (dryRun) {
            result = converter.plan(source, output);
        } else {
            try (var progress = common.progress(console)) {
                result = converter.convert(source, output, progress);
            }
        }
        result.warnings().forEach(w -> console.note("warning: " + w));
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        if (common.json) {
            print(console, ConvertFormat.json(result, took));
        } else {
            console.out().print(ConvertFormat.text(result, took, dryRun));
        }
        return ExitCode.DONE;
    }

    /** The options exist in the agreed command line; using one must not silently do something else. */
    private void refuseWhatIsNotThere() {
        String name = method.toLowerCase(Locale.ROOT);
        if (!name.equals("rtn")) {
            throw new IngotException.Usage(
                    name.equals("gptq")
                            ? "--method gptq is not in this version; it has rtn"
                            : "unknown method '" + name + "'; this version has rtn");
        }
        if ("auto".equals(type) || budget != null) {
            throw new IngotException.Usage(
                    "choosing types by a budget is not in this version; name a type and exceptions with --keep");
        }
        if (calibration != null) {
            throw new IngotException.Usage("--calibration needs a calibrated method, and this version has only rtn");
        }
        if (resume) {
            throw new IngotException.Usage("--resume is not in this version; start the conversion again");
        }
    }
}
