package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.runtime.ChatFormat;
import ingot.runtime.tokenizer.AddedTokenParsing;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "tokenize",
        addMethodSubcommands = false,
        description = {
            "With --text, prints the ids of one text. Otherwise reads JSON lines from standard input and writes one line"
                    + " for each: --jsonl {\"text\"} to {\"ids\"}; --decode {\"ids\"} to {\"text\"}; --chat {\"messages\","
                    + " \"tools\"?, \"add_generation_prompt\"?, \"enable_thinking\"?} or {\"query\", \"history\"?, \"system\"?} to {\"text\","
                    + " \"ids\"}."
        },
        footer = {
            "  ingot tokenize qwen3.ingot --text \"Hello\"",
            "  ingot tokenize Qwen3-0.6B --jsonl < texts.jsonl > ids.jsonl"
        })
final class TokenizeCommand extends Task {
    @Parameters(index = "0", paramLabel = "MODEL", description = "An .ingot file or a model folder.")
    Path model = Path.of("");

    @Option(names = "--text", paramLabel = "TEXT", description = "Tokenize this text.")
    @Nullable
    String text;

    @Option(names = "--jsonl", description = "JSON lines in, JSON lines out.")
    boolean jsonl;

    @Option(names = "--decode", description = "From ids to text.")
    boolean decode;

    @Option(names = "--chat", description = "Render conversations with the model's chat template.")
    boolean chat;

    @Option(names = "--plain", description = "Text that spells a special token stays text.")
    boolean plain;

    @Option(names = "--skip-special-tokens", description = "Decode special tokens to nothing.")
    boolean skipSpecial;

    @Override
    int run(Console console) throws IOException {
        if ((decode && chat) || (text != null && (jsonl || decode || chat))) {
            throw new IngotException.Usage("--text, --decode and --chat exclude each other");
        }
        if (text == null && !jsonl && !decode && !chat) {
            throw new IngotException.Usage("nothing to do: give --text TEXT, --jsonl, --decode or --chat");
        }
        ModelText source = ModelText.open(model);
        Tokenizer tokenizer = source.tokenizer();
        if (text != null) {
            int[] ids = encode(tokenizer, text);
            console.out()
                    .println(
                            common.json
                                    ? Json.compact(ids(Json.object(), ids))
                                    : Arrays.stream(ids)
                                            .mapToObj(Integer::toString)
                                            .collect(Collectors.joining(" ")));
        } else if (decode) {
            eachLine(console, line -> decoded(tokenizer, line));
        } else if (chat) {
            ChatFormat format = source.chat();
            eachLine(console, line -> rendered(source.tokenizer(), format, line));
        } else {
            eachLine(console, line -> ids(Json.object(), encode(tokenizer, line.string("text"))));
        }
        return ExitCode.DONE;
    }

    private int[] encode(Tokenizer tokenizer, String s) {
        return tokenizer.encode(s, plain ? AddedTokenParsing.PLAIN_TEXT : AddedTokenParsing.RECOGNIZE);
    }

    private ObjectNode decoded(Tokenizer tokenizer, JsonLine line) {
        int[] ids = line.ints("ids");
        for (int id : ids) {
            if (id < 0) {
                throw line.bad("id " + id + " is negative");
            }
        }
        SpecialTokens special = skipSpecial ? SpecialTokens.SKIP : SpecialTokens.KEEP;
        return Json.object().put("text", tokenizer.decode(ids, special));
    }

    private ObjectNode rendered(Tokenizer tokenizer, ChatFormat format, JsonLine line) {
        if (line.has("query")) {
            line.node().set("messages", Chats.messages(line));
        }
        if (!line.has("messages")) {
            throw line.bad("expected an array 'messages'");
        }
        boolean generation = line.flag("add_generation_prompt", format.generationPromptByDefault());
        ChatFormat.Prompt prompt = Chats.prompt(tokenizer, format, line.node(), generation);
        return ids(Json.object().put("text", prompt.text()), plain ? encode(tokenizer, prompt.text()) : prompt.ids());
    }

    private static ObjectNode ids(ObjectNode node, int[] ids) {
        var array = node.putArray("ids");
        for (int id : ids) {
            array.add(id);
        }
        return node;
    }

    private static void eachLine(Console console, Function<JsonLine, JsonNode> work) throws IOException {
        LineReader lines = new LineReader(console.in(), "standard input");
        for (byte[] line = lines.next(); line != null; line = lines.next()) {
            if (!new String(line, StandardCharsets.ISO_8859_1).isBlank()) {
                console.out().print(Json.compact(work.apply(JsonLine.parse(line, lines.position()))) + "\n");
            }
        }
    }
}
