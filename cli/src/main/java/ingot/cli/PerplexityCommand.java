package ingot.cli;

import ingot.cli.render.PerplexityFormat;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.runtime.Model;
import ingot.runtime.perplexity.LogitsFile;
import ingot.runtime.perplexity.LogitsFileWriter;
import ingot.runtime.perplexity.Perplexity;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.perplexity.PerplexityResult;
import ingot.runtime.perplexity.Predictor;
import ingot.runtime.perplexity.Reference;
import ingot.runtime.tokenizer.AddedTokenParsing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "perplexity",
        addMethodSubcommands = false,
        description = {
            "Scores a text: windows of -c tokens, the second half of each, as llama.cpp's perplexity tool does, so that"
                    + " figures compare. With --against also how far the predictions lie from a reference.",
            "",
            "The reference is another model, or a file that this command or llama.cpp's tool wrote with"
                    + " --kl-divergence-base; the text may then be left out, it is in the file."
        },
        footer = {
            "  ingot perplexity qwen3.ingot -f text.txt",
            "  ingot perplexity int4.ingot -f text.txt -c 256 --against f32.ingot",
            "  ingot perplexity f32.ingot -f text.txt --kl-divergence-base base.kld",
            "  ingot perplexity int4.ingot --kl-divergence --kl-divergence-base base.kld"
        })
final class PerplexityCommand extends Task {
    private static final int DEFAULT_CONTEXT = 512;

    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(
            names = {"-f", "--file"},
            paramLabel = "TEXT",
            description = "UTF-8 text to score.")
    @Nullable
    Path text;

    @Option(
            names = {"-c", "--ctx-size"},
            paramLabel = "N",
            description = "Tokens per window (default: 512).")
    @Nullable
    Integer context;

    @Option(names = "--chunks", paramLabel = "N", description = "Score the first N windows only.")
    int chunks;

    @Option(names = "--against", paramLabel = "REF", description = "A model, or a file of recorded logits.")
    @Nullable
    Path against;

    @Option(
            names = "--kl-divergence-base",
            paramLabel = "FILE",
            description = "Record the predictions in FILE; with --kl-divergence, compare with FILE.")
    @Nullable
    Path base;

    @Option(names = "--kl-divergence", description = "Compare with the file of --kl-divergence-base.")
    boolean compare;

    @Mixin
    final KvCacheOption kvCache = new KvCacheOption();

    @Override
    int run(Console console) {
        // A wrong -c is refused before anything is opened; a recorded reference may still decide it.
        PerplexityOptions given = new PerplexityOptions(context == null ? DEFAULT_CONTEXT : context, chunks);
        Path reference = against;
        if (compare) {
            if (base == null || against != null) {
                throw new IngotException.Usage("--kl-divergence compares with the file of --kl-divergence-base; give"
                        + " that file and no --against");
            }
            reference = base;
        }
        if (base != null && !compare && Files.exists(base) && !LogitsFile.recognises(base)) {
            throw new IngotException.CannotCreate(
                    Text.path(base) + ": exists and holds no recorded logits; name another file to record in", null);
        }
        PerplexityResult result;
        if (reference != null && LogitsFile.recognises(reference)) {
            try (LogitsFile file = LogitsFile.open(reference)) {
                result = measure(console, new Reference.Recorded(file), given);
            }
        } else if (reference != null) {
            try (Model other = Model.open(reference, common.modelOptions());
                    Predictor predictor = Predictor.of(other)) {
                result = measure(console, new Reference.Live(predictor), given);
            }
        } else {
            result = measure(console, null, given);
        }
        if (common.json) {
            print(console, PerplexityFormat.json(result).put("kv_cache", kvCache.type.name()));
        } else {
            console.out().print(PerplexityFormat.text(result));
        }
        return ExitCode.DONE;
    }

    private PerplexityResult measure(Console console, @Nullable Reference reference, PerplexityOptions given) {
        try (Model opened = Model.open(model, kvCache.over(common.modelOptions(console)));
                Predictor predictor = Predictor.of(opened);
                var progress = common.progress(console)) {
            PerplexityOptions options = reference instanceof Reference.Recorded r && context == null
                    ? new PerplexityOptions(r.file().context(), chunks)
                    : given;
            int[] tokens = tokens(reference);
            if (base == null || compare) {
                return Perplexity.measure(predictor, tokens, options, reference, null, progress);
            }
            int recorded = options.windows(tokens.length) * options.context();
            try (LogitsFileWriter writer =
                    new LogitsFileWriter(base, options, predictor.vocabSize(), Arrays.copyOf(tokens, recorded))) {
                PerplexityResult result = Perplexity.measure(predictor, tokens, options, reference, writer, progress);
                writer.commit();
                return result;
            }
        }
    }

    private int[] tokens(@Nullable Reference reference) {
        if (reference instanceof Reference.Recorded r) {
            int[] recorded = r.file().tokens();
            if (text != null) {
                int[] own = encode(text);
                if (own.length < recorded.length
                        || !Arrays.equals(own, 0, recorded.length, recorded, 0, recorded.length)) {
                    throw new IngotException.ConfigMismatch(Text.path(text)
                            + ": its tokens are not those of the reference; use the same text and tokenizer, or leave -f"
                            + " out");
                }
            }
            return recorded;
        }
        if (text == null) {
            throw new IngotException.Usage("no text to score; name one with -f TEXT");
        }
        return encode(text);
    }

    /** What looks like a special token is text here, and nothing is put in front: no Qwen model has a first token. */
    private int[] encode(Path file) {
        int[] tokens = ModelText.open(model).tokenizer().encode(Inputs.text(file), AddedTokenParsing.PLAIN_TEXT);
        if (tokens.length == 0) {
            throw new IngotException.BadData(Text.path(file) + ": holds no token; name a longer text");
        }
        return tokens;
    }
}
