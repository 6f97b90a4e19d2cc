package ingot.cli;

import ingot.cli.render.VerifyHtml;
import ingot.cli.render.VerifyJUnit;
import ingot.cli.render.VerifyJson;
import ingot.cli.render.VerifyMarkdown;
import ingot.cli.render.VerifyText;
import ingot.cli.render.VerifyView;
import ingot.formats.IngotException;
import ingot.formats.ingot.IngotFile;
import ingot.formats.Text;
import ingot.runtime.Model;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.verify.Subject;
import ingot.runtime.verify.Thresholds;
import ingot.runtime.verify.Verifier;
import ingot.runtime.verify.VerifyReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        addMethodSubcommands = false,
        description = {
            "Runs a model over the prompts of a golden file and compares logits, predictions, greedy continuations and,"
                    + " where recorded, hidden states. Exit code 0 within tolerance, 1 outside.",
            "",
            "Without thresholds: NMSE at most 1e-9 on every prompt and all greedy tokens equal where the weights are"
                    + " exact; looser for rounded weights (docs/verify.md)."
        },
        footer = {
            "  ingot verify qwen3.ingot",
            "  ingot verify Qwen3-0.6B --golden golden.safetensors --layers",
            "  ingot verify qwen3.ingot --max-kld 0.01 --junit parity.xml --html parity.html"
        })
final class VerifyCommand extends Task {
    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(
            names = "--golden",
            paramLabel = "FILE",
            description = "Golden logits (default: those in the model, or golden.safetensors in its folder).")
    @Nullable
    Path golden;

    @Option(names = "--max-nmse", paramLabel = "X", description = "Largest NMSE of any prompt.")
    @Nullable
    Double maxNmse;

    @Option(names = "--min-top1", paramLabel = "X", description = "Least top-1 agreement, 0 to 1.")
    @Nullable
    Double minTop1;

    @Option(names = "--max-kld", paramLabel = "X", description = "Largest mean KL divergence, in nats.")
    @Nullable
    Double maxKld;

    @Option(names = "--layers", description = "List the error at every layer.")
    boolean layers;

    @Option(names = "--junit", paramLabel = "FILE", description = "Also write JUnit XML.")
    @Nullable
    Path junit;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Also write a Markdown summary.")
    @Nullable
    Path markdown;

    @Option(names = "--html", paramLabel = "FILE", description = "Also write a report with plots, one file.")
    @Nullable
    Path html;

    @Mixin
    final KvCacheOption kvCache = new KvCacheOption();

    @Override
    int run(Console console) {
        for (Path output : new @Nullable Path[] {junit, markdown, html}) {
            if (output != null) {
                Outputs.requireFolder(output);
            }
        }
        requireWhole(console);
        try (Model opened = Model.open(model, kvCache.over(common.modelOptions(console)))) {
            VerifyView view = verify(opened, console);
            if (junit != null) {
                Outputs.write(junit, VerifyJUnit.of(view));
            }
            if (markdown != null) {
                Outputs.write(markdown, VerifyMarkdown.of(view));
            }
            if (html != null) {
                Outputs.write(html, VerifyHtml.of(view, List.of()));
            }
            if (layers && view.report().layers().isEmpty()) {
                console.note("the golden file holds no hidden states: no errors per layer");
            }
            if (common.json) {
                print(console, VerifyJson.of(view));
            } else {
                console.out().print(VerifyText.of(view, layers));
            }
            return view.report().pass() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
        }
    }

    /** A model that proves itself is first of all the file that was written: every checksum of an .ingot file. */
    private void requireWhole(Console console) {
        if (!IngotFile.recognises(model)) {
            return;
        }
        try (IngotFile file = IngotFile.open(model);
                var progress = common.progress(console)) {
            file.verify(progress);
        }
    }

    private VerifyView verify(Model opened, Console console) {
        Thresholds thresholds = Thresholds.forModel(opened.info())
                .with(Optional.ofNullable(maxNmse), Optional.ofNullable(minTop1), Optional.ofNullable(maxKld));
        Path beside = model.resolve("golden.safetensors");
        Path file = golden != null ? golden : Files.isDirectory(model) && Files.exists(beside) ? beside : null;
        try (GoldenFile source = file != null ? GoldenFile.open(file) : embedded(opened);
                Subject subject = Subject.of(opened);
                var progress = common.progress(console)) {
            VerifyReport report = Verifier.verify(subject, source, thresholds, progress);
            String name = file == null ? "embedded" : file.toString();
            return new VerifyView(model.toString(), name, opened.info(), report);
        }
    }

    private GoldenFile embedded(Model opened) {
        return opened.goldenSource()
                .map(source -> GoldenFile.of(source, model))
                .orElseThrow(() -> new IngotException.Usage(
                        Text.path(model) + ": no golden logits inside; name them with --golden FILE"));
    }
}
