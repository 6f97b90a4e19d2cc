package ingot.cli;

import ingot.cli.render.Format;
import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.Generation;
import ingot.runtime.GenerationOptions;
import ingot.runtime.Generator;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.StreamDecoder;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "run",
        addMethodSubcommands = false,
        description = {
            "Continues a prompt (-p, or standard input), token by token, with the sampling settings the model recommends"
                    + " unless told otherwise. With --chat, each line of standard input is a message and the conversation"
                    + " is kept; the empty line or the end of the input ends it."
        },
        footer = {
            "  ingot run qwen3.ingot -p \"The ship\" --temperature 0",
            "  ingot run qwen3.ingot --chat",
            "  ingot run qwen3.ingot --chat --tools tools.json --max-tokens 512"
        })
final class RunCommand extends Task {
    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "PROMPT",
            description = "Text to continue; with --chat the first message.")
    @Nullable
    String prompt;

    @Option(names = "--chat", description = "Keep a conversation, by the model's chat template.")
    boolean chat;

    @Option(names = "--system", paramLabel = "TEXT", description = "With --chat: the system message.")
    @Nullable
    String system;

    @Option(names = "--tools", paramLabel = "FILE", description = "With --chat: JSON array of function schemas.")
    @Nullable
    Path tools;

    @Option(
            names = "--no-thinking",
            description = {
                "With --chat: ask the template for answers without thinking.",
                "No effect on models whose template does not know it, or that have none (the first Qwen)."
            })
    boolean noThinking;

    @Mixin
    final SamplingFlags sampling = new SamplingFlags();

    @Mixin
    final KvCacheOption kvCache = new KvCacheOption();

    @Override
    int run(Console console) throws IOException {
        if (chat && common.json) {
            throw new IngotException.Usage("--chat has no JSON form; use --json with -p");
        }
        if (!chat && (tools != null || system != null || noThinking)) {
            throw new IngotException.Usage("--tools, --system and --no-thinking need --chat");
        }
        try (Model opened = Model.open(model, kvCache.over(common.modelOptions(console)));
                Session session = opened.newSession()) {
            GenerationOptions options = sampling.over(GenerationOptions.of(opened.generationDefaults()));
            if (chat) {
                new ChatLoop(console, ModelText.open(model), session, options, conversation()).run(prompt);
            } else {
                Tokenizer tokenizer =
                        opened.tokenizer().orElseGet(() -> ModelText.open(model).tokenizer());
                complete(console, tokenizer, session, options);
            }
            return ExitCode.DONE;
        }
    }

    private ObjectNode conversation() {
        ObjectNode conversation = Json.object();
        var messages = conversation.putArray("messages");
        if (system != null) {
            messages.addObject().put("role", "system").put("content", system);
        }
        if (tools != null) {
            var schemas = Json.parse(Json.readBytes(tools, 16 << 20), tools, JsonBound.INPUT);
            if (!schemas.isArray()) {
                throw IngotException.BadData.in(tools, "expected a JSON array of function schemas");
            }
            conversation.set("tools", schemas);
        }
        if (noThinking) {
            conversation.put("enable_thinking", false);
        }
        return conversation;
    }

    private void complete(Console console, Tokenizer tokenizer, Session session, GenerationOptions options)
            throws IOException {
        String given = prompt != null
                ? prompt
                : new String(console.in().readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
        int[] ids = tokenizer.encode(given);
        if (ids.length == 0) {
            throw new IngotException.Usage("the prompt is empty; give some text to continue");
        }
        StreamDecoder decoder = tokenizer.streamDecoder(SpecialTokens.SKIP);
        StringBuilder collected = new StringBuilder();
        long start = System.nanoTime();
        Generation generation = new Generator(session, options).generate(ids, id -> {
            show(console, decoder.push(id), collected);
            return true;
        });
        show(console, decoder.flush(), collected);
        double seconds = (System.nanoTime() - start) / 1e9;
        int n = generation.tokens().size();
        if (common.json) {
            ObjectNode root = Json.object();
            root.put("prompt", given);
            root.put("text", collected.toString());
            var list = root.putArray("ids");
            generation.tokens().forEach(list::add);
            root.put("stop_reason", Format.lower(generation.reason().name()));
            root.put("prompt_tokens", ids.length);
            root.put("kv_cache", kvCache.type.name());
            root.put("seconds", seconds);
            print(console, root);
        } else {
            console.out().println();
            if (console.terminal() && !common.quiet) {
                console.out().flush();
                console.note(n + " tokens in " + Format.fixed(seconds, 2) + " s");
            }
        }
    }

    private void show(Console console, String piece, StringBuilder collected) {
        collected.append(piece);
        if (!common.json && !piece.isEmpty()) {
            console.out().print(piece);
            console.out().flush();
        }
    }
}
