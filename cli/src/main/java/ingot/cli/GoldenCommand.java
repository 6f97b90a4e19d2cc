package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.runtime.Model;
import ingot.runtime.Version;
import ingot.runtime.verify.GoldenRecorder;
import ingot.runtime.kernel.Backend;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "golden",
        addMethodSubcommands = false,
        description = {
            "Runs prompts through a model with scalar kernels in f32 and records logits at every position, greedy"
                    + " continuations and the hidden states of one prompt, for 'ingot verify'.",
            "",
            "The prompts: a text file, one per line, or JSON lines {\"text\": …} or {\"ids\": […]}."
                    + " golden-outputs/record_golden.py records the same with the reference implementation."
        },
        footer = {"  ingot golden Qwen3-0.6B -o golden.safetensors --prompts prompts.txt"})
final class GoldenCommand extends Task {
    private static final long MAX_PROMPTS = 64 << 20;

    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "GOLDEN",
            required = true,
            description = "The file to write.")
    Path output = Path.of("");

    @Option(names = "--prompts", paramLabel = "FILE", required = true, description = "Text or JSON lines.")
    Path prompts = Path.of("");

    @Option(names = "--greedy", paramLabel = "N", description = "Length of the greedy continuations (default: 24).")
    int greedy = 24;

    @Option(
            names = "--hidden",
            paramLabel = "K",
            description = "Record the hidden states of prompt K (default: 0; -1: none).")
    int hidden;

    @Option(names = "--force", description = "Replace an existing output.")
    boolean force;

    @Override
    int run(Console console) throws IOException {
        List<int[]> ids = read();
        // The scalar kernels are the oracle; another backend only where it is asked for.
        var options = common.modelOptions();
        if (options.backend() == Backend.AUTO) {
            options = options.withBackend(Backend.SCALAR);
        }
        try (Model opened = Model.open(model, options);
                var progress = common.progress(console)) {
            var what = new GoldenRecorder.Options(greedy, hidden, force);
            var metadata = Map.of(
                    "reference",
                    "ingot " + Version.NUMBER + ", " + opened.info().backend());
            GoldenRecorder.record(opened, ids, what, output, metadata, progress);
        }
        int tokens = ids.stream().mapToInt(p -> p.length).sum();
        if (common.json) {
            print(
                    console,
                    Json.object()
                            .put("output", output.toString())
                            .put("prompts", ids.size())
                            .put("tokens", tokens));
        } else {
            console.out().println(output + ": " + ids.size() + " prompts, " + tokens + " tokens");
        }
        return ExitCode.DONE;
    }

    private List<int[]> read() throws IOException {
        byte[] bytes = Json.readBytes(prompts, MAX_PROMPTS);
        LineReader lines = new LineReader(new ByteArrayInputStream(bytes), prompts.toString());
        List<int[]> ids = new ArrayList<>();
        @Nullable Tokenizer tokenizer = null;
        for (byte[] line = lines.next(); line != null; line = lines.next()) {
            String text = new String(line, StandardCharsets.UTF_8);
            if (text.isBlank()) {
                continue;
            }
            if (text.startsWith("{")) {
                JsonLine json = JsonLine.parse(line, lines.position());
                if (json.has("ids")) {
                    ids.add(json.ints("ids"));
                    continue;
                }
                text = json.string("text");
            }
            tokenizer = tokenizer != null ? tokenizer : ModelText.open(model).tokenizer();
            ids.add(tokenizer.encode(text));
        }
        if (ids.isEmpty()) {
            throw IngotException.BadData.in(prompts, "holds no prompt");
        }
        return ids;
    }
}
