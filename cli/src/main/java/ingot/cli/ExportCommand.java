package ingot.cli;

import ingot.cli.render.ConvertHtml;
import ingot.cli.render.ConvertView;
import ingot.cli.render.ExportFormat;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.block.Grouping;
import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerWriter;
import ingot.quant.ExportResult;
import ingot.quant.FolderExporter;
import ingot.quant.GgufExporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "export",
        addMethodSubcommands = false,
        description = {
            "Writes a model in a format that other tools load. What the format can hold is carried over bit for bit; the"
                    + " summary says of every tensor whether it was, or what rounding it again cost.",
            "",
            "gguf: one file for llama.cpp, or several with --split-size. Without --type int4 becomes Q4_0, int8 Q8_0 and"
                    + " floating point itself, all without loss, and anything else Q6_K. Types: f32, f16, bf16, q8_0, q6_k, q5_k,"
                    + " q5_1, q5_0, q4_k, q4_1, q4_0, iq4_nl, iq4_xs. With --calibration numbers are chosen by what they"
                    + " do to the layers' outputs on a text: the file is no larger and far nearer to the model.",
            "",
            "gptq: a folder for GPTQ loaders, int4 or int8. bnb: a folder for bitsandbytes, nf4 or nf4-dq. hf: a folder of"
                    + " plain numbers, or with --format compressed-tensors of int4 or int8.",
            "",
            "tokenizer: tokenizer.json, tokenizer_config.json, vocab.json, merges.txt, qwen.tiktoken and"
                    + " chat_template.jinja."
        },
        footer = {
            "  ingot export Qwen3-0.6B --to gguf --type iq4_xs --calibration text.txt -o qwen3-iq4_xs.gguf",
            "  ingot export qwen3.ingot --to gguf -o qwen3.gguf",
            "  ingot export Qwen3-0.6B --to gguf --type q4_k --keep v_proj=q6_k -o qwen3-q4_k.gguf",
            "  ingot export qwen3.ingot --to hf --format compressed-tensors -o folder",
            "  ingot export qwen3.ingot --to tokenizer -o folder"
        })
final class ExportCommand extends Task {
    /** Spelled as typed. */
    enum Target {
        hf,
        tokenizer,
        gguf,
        gptq,
        bnb
    }

    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file, or anything that convert reads.")
    Path model = Path.of("");

    @Option(names = "--to", paramLabel = "FORMAT", required = true, description = "${COMPLETION-CANDIDATES}.")
    Target target = Target.hf;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description = "The file (gguf) or folder to write.")
    Path output = Path.of("");

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "Type of the matrices (default: what loses nothing, else the usual 4-bit type).")
    @Nullable
    String type;

    @Option(
            names = "--group",
            paramLabel = "N",
            description = "gptq, compressed-tensors: weights per scale, or channel (default: the model's, else 128).")
    @Nullable
    String group;

    @Option(
            names = "--keep",
            paramLabel = "REGEX=TYPE",
            description = "gguf: tensors whose name contains the pattern get this type; repeatable, first match wins.")
    List<String> keep = new ArrayList<>();

    @Option(names = "--format", paramLabel = "NAME", description = "hf: plain or compressed-tensors (default: plain).")
    @Nullable
    String format;

    @Option(
            names = {"--split-size", "--shard-size"},
            paramLabel = "SIZE",
            description =
                    "Begin another file where this would be exceeded, for example 2GB (default: gguf never, folders"
                            + " 5GB).")
    @Nullable
    String splitSize;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Also write a report with plots: errors and types of every matrix; one file.")
    @Nullable
    Path html;

    private long start;

    @Option(names = "--force", description = "Replace existing files.")
    boolean force;

    @Mixin
    MethodFlags choosing = new MethodFlags();

    @Override
    int run(Console console) throws IOException {
        refuseWhatDoesNotApply();
        Outputs.requireReport(html, output, Stream.concat(Stream.of(model), Stream.ofNullable(choosing.calibration)));
        start = System.nanoTime();
        switch (target) {
            case tokenizer -> tokenizer(console);
            case gguf -> gguf(console);
            case gptq -> folder(console, FolderExporter.Kind.GPTQ);
            case bnb -> folder(console, FolderExporter.Kind.BNB);
            case hf ->
                folder(console, isCompressed() ? FolderExporter.Kind.COMPRESSED_TENSORS : FolderExporter.Kind.HF);
        }
        return ExitCode.DONE;
    }

    /** An option must not silently do nothing. */
    private void refuseWhatDoesNotApply() {
        boolean integers = target == Target.gptq || (target == Target.hf && isCompressed());
        refuse(group != null && !integers, "--group applies to --to gptq and --format compressed-tensors");
        refuse(!keep.isEmpty() && target != Target.gguf, "--keep applies to --to gguf");
        refuse(html != null && target == Target.tokenizer, "--html applies to exports of weights");
        refuse(format != null && target != Target.hf, "--format applies to --to hf");
        refuse(
                choosing.given() && target != Target.gguf,
                "--method, --calibration, --order, --drift and --resume apply to --to gguf; for the others convert with"
                        + " --method gptq, and export the .ingot file, whose codes are carried over");
    }

    private static void refuse(boolean misplaced, String message) {
        if (misplaced) {
            throw new IngotException.Usage(message);
        }
    }

    private boolean isCompressed() {
        if (format == null || format.equals("plain")) {
            return false;
        }
        if (format.equals("compressed-tensors")) {
            return true;
        }
        throw new IngotException.Usage("--format " + Text.quote(format) + ": expected plain or compressed-tensors");
    }

    private void gguf(Console console) {
        var options = GgufExporter.Options.defaults()
                .withKeep(keep)
                .withOverwrite(force)
                .withMethod(choosing.method(MethodFlags.Use.GGUF, false));
        if (type != null) {
            options = options.withType(type);
        }
        if (splitSize != null) {
            options = options.withSplitBytes(ByteSize.part(splitSize));
        }
        if (common.threads != 0) {
            options = options.withThreads(common.threads);
        }
        boolean resumable = options.method().calibratedOn().isPresent();
        try (var progress = common.progress(console);
                var kept = KeptWork.during(console, output, resumable)) {
            GgufExporter exporter = new GgufExporter(options);
            report(console, Flags.of("--type", () -> exporter.export(model, output, progress)));
        }
    }

    private void folder(Console console, FolderExporter.Kind kind) {
        var options = FolderExporter.Options.of(kind).withOverwrite(force);
        if (type != null) {
            options = options.withType(type);
        }
        if (group != null) {
            options = options.withGroup(columns(group));
        }
        if (splitSize != null) {
            options = options.withShardBytes(ByteSize.part(splitSize));
        }
        if (common.threads != 0) {
            options = options.withThreads(common.threads);
        }
        try (var progress = common.progress(console)) {
            FolderExporter exporter = new FolderExporter(options);
            report(console, Flags.of("--type", () -> exporter.export(model, output, progress)));
        }
    }

    private static int columns(String text) {
        if (text.equals("channel")) {
            return Grouping.CHANNEL;
        }
        int n = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
        if (n < 8 || n % 8 != 0) {
            throw new IngotException.Usage(
                    "group " + Text.quote(text) + ": expected 32, 64, 128 or another multiple of 8, or channel");
        }
        return n;
    }

    private void report(Console console, ExportResult result) {
        result.notes().forEach(console::note);
        if (html != null) {
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            Outputs.write(html, ConvertHtml.of(ConvertView.of(model.toString(), result.asConversion(), took)));
        }
        if (common.json) {
            print(console, ExportFormat.json(result));
        } else {
            console.out().print(ExportFormat.text(result));
        }
    }

    private void tokenizer(Console console) throws IOException {
        for (String name : TokenizerWriter.NAMES) {
            Path file = output.resolve(name);
            if (!Files.exists(file)) {
                continue;
            }
            Path twin = model.resolve(name);
            if (Files.exists(twin) && Files.isSameFile(file, twin)) {
                throw new IngotException.Usage(Text.path(output) + ": is the folder read from; name another one");
            }
            if (!force) {
                throw new IngotException.CannotCreate(Text.path(file) + ": exists already; --force replaces it", null);
            }
        }
        var data = ModelText.data(model);
        Files.createDirectories(output);
        TokenizerWriter.Result result = TokenizerWriter.write(data, output);
        result.notes().forEach(console::note);
        if (common.json) {
            ObjectNode root = Json.object();
            root.put("output", output.toString());
            var files = root.putArray("files");
            names(result).forEach(files::add);
            print(console, root);
        } else {
            names(result).forEach(name -> console.out().println(output.resolve(name)));
        }
    }

    private static List<String> names(TokenizerWriter.Result result) {
        return result.files().stream().map(f -> String.valueOf(f.getFileName())).toList();
    }
}
