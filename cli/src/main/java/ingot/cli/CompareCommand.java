package ingot.cli;

import static ingot.cli.render.JsonFields.number;

import ingot.cli.render.Format;
import ingot.cli.render.PerplexityFormat;
import ingot.cli.render.Table;
import ingot.cli.render.VerifyJson;
import ingot.cli.render.VerifyText;
import ingot.cli.render.VerifyView;
import ingot.formats.Progress;
import ingot.formats.json.Json;
import ingot.quant.Comparison;
import ingot.runtime.Model;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.perplexity.Perplexity;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.Predictor;
import ingot.runtime.perplexity.Reference;
import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.verify.Subject;
import ingot.runtime.verify.Thresholds;
import ingot.runtime.verify.Verifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "compare",
        addMethodSubcommands = false,
        description =
                "Compares the numbers of every tensor; with --golden both models' logits against golden ones; with -f"
                        + " the predictions of B with those of A over a text.",
        footer = {
            "  ingot compare Qwen3-0.6B int4.ingot",
            "  ingot compare f32.ingot int4.ingot -f text.txt -c 256 --chunks 20"
        })
final class CompareCommand extends Task {
    @Parameters(index = "0", paramLabel = "A", description = "The model taken as right.")
    Path a = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "The model compared with it.")
    Path b = Path.of("");

    @Option(names = "--golden", paramLabel = "FILE", description = "Compare both with these golden logits.")
    @Nullable
    Path golden;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "TEXT",
            description = "Compare predictions over this text.")
    @Nullable
    Path text;

    @Option(
            names = {"-c", "--ctx-size"},
            paramLabel = "N",
            description = "Tokens per window of the text (default: 512).")
    int context = 512;

    @Option(names = "--chunks", paramLabel = "N", description = "The first N windows only.")
    int chunks;

    @Override
    int run(Console console) {
        PerplexityOptions windows = new PerplexityOptions(context, chunks);
        ObjectNode root = Json.object();
        StringBuilder out = new StringBuilder();
        try (var progress = common.progress(console)) {
            Comparison.Result tensors = Comparison.compare(a, b, progress);
            add(root, tensors);
            out.append(table(tensors));
            if (golden != null || text != null) {
                try (Model first = Model.open(a, common.modelOptions(console));
                        Model second = Model.open(b, common.modelOptions())) {
                    if (golden != null) {
                        root.set("verify_a", verify(out, a, first, golden));
                        root.set("verify_b", verify(out, b, second, golden));
                    }
                    if (text != null) {
                        int[] ids =
                                ModelText.open(a).tokenizer().encode(Inputs.text(text), AddedTokenParsing.PLAIN_TEXT);
                        try (Predictor left = Predictor.of(first);
                                Predictor right = Predictor.of(second)) {
                            PerplexityResult result =
                                    Perplexity.measure(right, ids, windows, new Reference.Live(left), null, progress);
                            root.set("perplexity", PerplexityFormat.json(result));
                            out.append('\n').append(PerplexityFormat.text(result));
                        }
                    }
                }
            }
        }
        if (common.json) {
            print(console, root);
        } else {
            console.out().print(out);
        }
        return ExitCode.DONE;
    }

    private ObjectNode verify(StringBuilder out, Path path, Model model, Path file) {
        try (GoldenFile source = GoldenFile.open(file);
                Subject subject = Subject.of(model)) {
            var report = Verifier.verify(subject, source, Thresholds.forModel(model.info()), Progress.none());
            VerifyView view = new VerifyView(path.toString(), file.toString(), model.info(), report);
            out.append('\n').append(path).append(": ").append(VerifyText.of(view, false));
            return VerifyJson.of(view);
        }
    }

    private static void add(ObjectNode root, Comparison.Result result) {
        root.put("equal", result.equal());
        var tensors = root.putArray("tensors");
        for (Comparison.Row row : result.tensors()) {
            ObjectNode node = tensors.addObject();
            node.put("name", row.name());
            node.put("type_a", row.typeA());
            node.put("type_b", row.typeB());
            number(node, "nmse", row.nmse());
            number(node, "max_abs", row.maxAbs());
        }
        var onlyA = root.putArray("only_a");
        result.onlyInA().forEach(onlyA::add);
        var onlyB = root.putArray("only_b");
        result.onlyInB().forEach(onlyB::add);
    }

    private static String table(Comparison.Result result) {
        Table table =
                new Table().text("tensor").text("A").text("B").number("NMSE").number("max |Δ|");
        List<String> same = new ArrayList<>();
        for (Comparison.Row row : result.tensors()) {
            if (row.maxAbs() == 0) {
                same.add(row.name());
            } else {
                table.row(
                        row.name(),
                        row.typeA(),
                        row.typeB(),
                        Format.scientific(row.nmse()),
                        Format.scientific(row.maxAbs()));
            }
        }
        result.onlyInA().forEach(name -> table.row(name, "present", "–", "", ""));
        result.onlyInB().forEach(name -> table.row(name, "–", "present", "", ""));
        String equal = same.size() + " of " + result.tensors().size() + " tensors hold the same numbers";
        return result.equal() ? equal + "\n" : table.render() + "\n" + equal + "\n";
    }
}
