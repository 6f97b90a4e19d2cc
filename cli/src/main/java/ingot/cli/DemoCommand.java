package ingot.cli;

import static ingot.cli.render.JsonFields.number;

import ingot.cli.render.BenchFormat;
import ingot.cli.render.Format;
import ingot.cli.render.PerplexityFormat;
import ingot.cli.render.VerifyHtml;
import ingot.cli.render.VerifyHtml.Extra;
import ingot.cli.render.VerifyJson;
import ingot.cli.render.VerifyView;
import ingot.formats.Progress;
import ingot.formats.json.Json;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import ingot.runtime.GenerationOptions;
import ingot.runtime.Generator;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.bench.Bench;
import ingot.runtime.bench.BenchOptions;
import ingot.runtime.bench.BenchResult;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.perplexity.Perplexity;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.Predictor;
import ingot.runtime.perplexity.Reference;
import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.tokenizer.Tokenizer;
import ingot.runtime.verify.Subject;
import ingot.runtime.verify.Thresholds;
import ingot.runtime.verify.Verifier;
import ingot.runtime.verify.VerifyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "demo",
        addMethodSubcommands = false,
        description = "Folder to int4 .ingot, parity with the golden logits, speed, perplexity against f32, a sample of"
                + " text and an HTML report. Takes less than a minute.",
        footer = {"  ingot demo", "  ingot demo -o /tmp/demo"})
final class DemoCommand extends Task {
    private static final String PROMPT = "It was a dark evening, and the";
    private static final int CONTEXT = 256;
    private static final int WINDOWS = 4;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            description = "Where file and report go.")
    @Nullable
    Path output;

    @Override
    int run(Console console) throws IOException {
        Bundle bundle = Bundle.find();
        Path folder = output != null ? output : bundle.scratch();
        Files.createDirectories(folder);
        Path file = folder.resolve("model.ingot");
        Path page = folder.resolve("report.html");
        ObjectNode root = Json.object();
        try (var progress = common.progress(console)) {
            say(console, "model      " + bundle.model());
            convert(console, bundle, file, progress, root);
            boolean pass;
            try (Model reference = Model.open(bundle.model(), common.modelOptions(console));
                    Model model = Model.open(file, common.modelOptions())) {
                VerifyView exact = verify(bundle.model(), reference, GoldenFile.open(bundle.golden()), progress);
                VerifyView small = verify(file, model, GoldenFile.open(bundle.golden()), progress);
                say(console, "parity     unquantized: " + verdict(exact.report()));
                say(console, "           int4:        " + verdict(small.report()));
                root.set("verify_unquantized", VerifyJson.of(exact));
                root.set("verify", VerifyJson.of(small));
                List<BenchResult> speed = Bench.run(model, new BenchOptions(128, 64, 3), progress);
                speed.forEach(r -> say(console, "speed      " + r.test() + ": " + BenchFormat.speed(r) + " tokens/s"));
                var speeds = root.putArray("bench");
                speed.forEach(r -> number(speeds.addObject().put("test", r.test()), "avg_ts", r.mean()));
                Tokenizer tokenizer = ModelText.open(file).tokenizer();
                PerplexityResult loss = perplexity(bundle, reference, model, tokenizer, progress);
                var d = loss.divergence().orElseThrow();
                say(
                        console,
                        "perplexity int4 " + Format.fixed(loss.perplexity(), 2) + ", f32 "
                                + Format.fixed(d.referencePerplexity(), 2) + ", mean KL divergence "
                                + Format.fixed(d.kld().mean().value(), 4) + " nats ("
                                + WINDOWS + " windows of " + CONTEXT + ")");
                root.set("perplexity", PerplexityFormat.json(loss));
                String sample = sample(model, tokenizer);
                say(console, "sample     " + sample.replaceAll("\\s+", " "));
                root.put("sample", sample);
                Outputs.write(page, VerifyHtml.of(small, extras(exact, speed, loss, sample)));
                pass = exact.report().pass() && small.report().pass();
            }
            say(console, "report     " + page.toAbsolutePath());
            root.put("report", page.toString());
            root.put("pass", pass);
            if (common.json) {
                print(console, root);
            }
            return pass ? ExitCode.DONE : ExitCode.CHECK_FAILED;
        }
    }

    /** With {@code --json}, standard output is for the document alone. */
    private void say(Console console, String line) {
        if (common.json) {
            return;
        }
        console.out().println(line);
        console.out().flush();
    }

    private void convert(Console console, Bundle bundle, Path file, Progress progress, ObjectNode root) {
        long start = System.nanoTime();
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("int4"))
                .withGolden(bundle.golden())
                .withOverwrite(true);
        ConvertResult result = new Converter(options).convert(bundle.model(), file, progress);
        double seconds = (System.nanoTime() - start) / 1e9;
        say(
                console,
                "convert    int4, " + Format.fixed(result.bitsPerWeight(), 2) + " bits per weight, "
                        + Format.bytes(result.bytes()) + ", in " + Format.fixed(seconds, 1) + " s");
        root.put("output", file.toString());
        root.put("bytes", result.bytes());
    }

    /** A trained model in int4 stays well within these (docs/verify.md). */
    private static Thresholds trained(Thresholds byType) {
        return byType.greedy() ? byType : byType.with(Optional.of(0.02), Optional.of(0.85), Optional.of(0.02));
    }

    private static VerifyView verify(Path path, Model model, GoldenFile golden, Progress progress) {
        try (golden;
                Subject subject = Subject.of(model)) {
            VerifyReport report =
                    Verifier.verify(subject, golden, trained(Thresholds.forModel(model.info())), progress);
            return new VerifyView(path.toString(), golden.origin().toString(), model.info(), report);
        }
    }

    private static String verdict(VerifyReport report) {
        VerifyReport.Overall o = report.overall();
        int matched = greedy(report, true);
        return (report.pass() ? "PASS" : "FAIL") + ", NMSE " + Format.scientific(o.nmse()) + ", mean KL divergence "
                + Format.scientific(o.meanKld()) + ", top-1 " + Format.percent(o.top1()) + ", greedy " + matched + "/"
                + greedy(report, false);
    }

    private static int greedy(VerifyReport report, boolean matched) {
        return report.prompts().stream()
                .mapToInt(p -> matched ? p.greedy().matched() : p.greedy().total())
                .sum();
    }

    private static PerplexityResult perplexity(
            Bundle bundle, Model reference, Model model, Tokenizer tokenizer, Progress progress) {
        int[] tokens = tokenizer.encode(Inputs.text(bundle.text()), AddedTokenParsing.PLAIN_TEXT);
        try (Predictor base = Predictor.of(reference);
                Predictor predictor = Predictor.of(model)) {
            var options = new PerplexityOptions(CONTEXT, WINDOWS);
            return Perplexity.measure(predictor, tokens, options, new Reference.Live(base), null, progress);
        }
    }

    private static String sample(Model model, Tokenizer tokenizer) {
        GenerationOptions options = GenerationOptions.of(model.generationDefaults())
                .withMaxTokens(60)
                .withSeed(7);
        try (Session session = model.newSession()) {
            int[] ids = new Generator(session, options)
                    .generate(tokenizer.encode(PROMPT), id -> true).tokens().stream()
                            .flatMapToInt(IntStream::of)
                            .toArray();
            return PROMPT + tokenizer.decode(ids);
        }
    }

    private static List<Extra> extras(VerifyView exact, List<BenchResult> speed, PerplexityResult loss, String sample) {
        List<List<String>> rows = new ArrayList<>();
        speed.forEach(r -> rows.add(List.of(r.test(), BenchFormat.speed(r))));
        var d = loss.divergence().orElseThrow();
        List<List<String>> figures = List.of(
                List.of("perplexity, int4", Format.fixed(loss.perplexity(), 3)),
                List.of("perplexity, f32", Format.fixed(d.referencePerplexity(), 3)),
                List.of("mean KL divergence, nats", Format.fixed(d.kld().mean().value(), 5)),
                List.of("99th percentile", Format.fixed(d.kld().p99(), 5)),
                List.of("same top-1", Format.percent(d.sameTop1().value())));
        return List.of(
                Extra.text("The same model unquantized", "", verdict(exact.report())),
                Extra.table("Speed", "tokens per second", List.of("test", "mean ± sd"), rows),
                Extra.table("Against f32, over text", loss.chunks() + " windows", List.of("figure", "value"), figures),
                Extra.text("A sample", "with the sampling settings the model recommends", sample));
    }
}
