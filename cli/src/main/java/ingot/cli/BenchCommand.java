package ingot.cli;

import ingot.cli.render.BenchFormat;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.bench.Bench;
import ingot.runtime.bench.BenchOptions;
import ingot.runtime.bench.BenchResult;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "bench",
        addMethodSubcommands = false,
        description =
                "Measures how fast a model reads a prompt (ppN) and generates (tgN), in tokens per second: mean and"
                        + " standard deviation over the repetitions, after those that begin in the first second. With -d also after"
                        + " so many tokens (tgN@dD), with --sequences for S sequences in every step (tgNxS).",
        footer = {
            "  ingot bench qwen3.ingot",
            "  ingot bench qwen3.ingot -p 128 -n 32 -r 10 -o json",
            "  ingot bench qwen3.ingot -p 0 -d 0,4096,16384 --kv-cache int8",
            "  ingot bench qwen3.ingot -p 0 --sequences 1,2,4,8"
        })
final class BenchCommand extends Task {
    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(
            names = {"-p", "--n-prompt"},
            paramLabel = "N",
            description = "Tokens of the prompt test (default: 512; 0: none).")
    int prompt = 512;

    @Option(
            names = {"-n", "--n-gen"},
            paramLabel = "N",
            description = "Tokens of the generation test (default: 128; 0: none).")
    int generate = 128;

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            description = "Repetitions (default: 5).")
    int repetitions = 5;

    @Option(
            names = {"-d", "--depth"},
            paramLabel = "N",
            split = ",",
            description = "Tokens in the context before each test, one number or several (default: 0).")
    List<Integer> depths = List.of(0);

    @Option(
            names = "--sequences",
            paramLabel = "S",
            split = ",",
            description = "Sequences in every step, one number or several (default: 1); tokens of all are counted.")
    List<Integer> sequences = List.of(1);

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "One of ${COMPLETION-CANDIDATES} (default: md).")
    BenchFormat.@Nullable Kind output;

    @Mixin
    final KvCacheOption kvCache = new KvCacheOption();

    @Override
    int run(Console console) {
        BenchOptions options = new BenchOptions(prompt, generate, repetitions, depths, sequences);
        try (Model opened = Model.open(model, settings(console, options));
                var progress = common.progress(console)) {
            List<BenchResult> results = Bench.run(opened, options, progress);
            BenchFormat.Kind kind = output != null ? output : common.json ? BenchFormat.Kind.json : BenchFormat.Kind.md;
            console.out().print(new BenchFormat(model.toString(), opened.info()).render(results, kind));
            return ExitCode.DONE;
        }
    }

    private ModelOptions settings(Console console, BenchOptions options) {
        return kvCache.over(common.modelOptions(console)).withMaxPositions(options.positions());
    }
}
