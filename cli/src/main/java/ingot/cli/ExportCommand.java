package ingot.cli;

import ingot.cli.render.Format;
import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerWriter;
import ingot.quant.HfExporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "export",
        description = {
            "hf: a plain Hugging Face folder; quantized weights are dequantized, and the summary says whether that is exact.",
            "",
            "tokenizer: tokenizer.json, tokenizer_config.json, vocab.json, merges.txt, qwen.tiktoken and"
                    + " chat_template.jinja."
        },
        footer = {"  ingot export qwen3.ingot --to hf -o folder", "  ingot export qwen3.ingot --to tokenizer -o folder"
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

    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(names = "--to", paramLabel = "FORMAT", required = true, description = "hf or tokenizer.")
    Target target = Target.hf;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description = "The folder to write; created where missing.")
    Path output = Path.of("");

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            description = "hf: f32, f16 or bf16 (default: the narrowest exact one).")
    @Nullable
    String type;

    @Option(names = "--force", description = "Replace existing files.")
    boolean force;

    @Override
    int run(Console console) throws IOException {
        switch (target) {
            case hf -> folder(console);
            case tokenizer -> tokenizer(console);
            case gguf, gptq, bnb ->
                throw new IngotException.Usage("--to " + target + " is not in this version; it has hf and tokenizer");
        }
        return ExitCode.DONE;
    }

    private void folder(Console console) {
        Optional<DType> element = Optional.ofNullable(type).map(ExportCommand::floating);
        HfExporter.Result result;
        try (var progress = common.progress(console)) {
            result = HfExporter.export(model, output, element, force, progress);
        }
        result.notes().forEach(console::note);
        if (common.json) {
            ObjectNode root = Json.object();
            root.put("output", output.toString());
            root.put("type", result.type());
            root.put("lossless", result.lossless());
            var tensors = root.putArray("tensors");
            result.tensors()
                    .forEach(t -> tensors.addObject()
                            .put("name", t.name())
                            .put("stored_as", t.storedAs())
                            .put("nmse", Double.isFinite(t.nmse()) ? t.nmse() : Double.MAX_VALUE));
            print(console, root);
            return;
        }
        double worst = result.tensors().stream()
                .mapToDouble(HfExporter.Exported::nmse)
                .max()
                .orElse(0);
        console.out()
                .println(output + ": " + result.tensors().size() + " tensors as " + result.type()
                        + (result.lossless()
                                ? ", bit-exact values of the model"
                                : ", rounded again: worst NMSE " + Format.scientific(worst)));
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

    private static DType floating(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "f32" -> DType.F32;
            case "f16" -> DType.F16;
            case "bf16" -> DType.BF16;
            default -> throw new IngotException.Usage("type " + Text.quote(name) + ": expected f32, f16 or bf16");
        };
    }
}
