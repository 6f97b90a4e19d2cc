package ingot.cli;

import ingot.formats.IngotException;
import ingot.runtime.ChatFormat;
import ingot.runtime.Generation;
import ingot.runtime.GenerationOptions;
import ingot.runtime.Generator;
import ingot.runtime.Session;
import ingot.runtime.tokenizer.SpecialTokens;
import ingot.runtime.tokenizer.StreamDecoder;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A conversation on standard input and output. Each turn computes only what the KV cache does not hold yet. */
final class ChatLoop {
    private final Console console;
    private final Tokenizer tokenizer;
    private final ChatFormat chat;
    private final Session session;
    private final GenerationOptions options;
    private final ObjectNode conversation;
    /** The tokens in the session. */
    private int[] held = new int[0];

    /** @param conversation messages so far and variables of the template; grows */
    ChatLoop(Console console, ModelText text, Session session, GenerationOptions options, ObjectNode conversation) {
        this.console = console;
        this.tokenizer = text.tokenizer();
        this.chat = text.chat();
        this.session = session;
        this.options = options.withStopIds(stops(options));
        this.conversation = conversation;
    }

    /** A turn ends with the format's own tokens even where generation_config.json forgets them. */
    private Set<Integer> stops(GenerationOptions given) {
        Set<Integer> stops = new HashSet<>(given.stopIds());
        stops.addAll(chat.stopIds());
        return stops;
    }

    /** Talks until the input ends or an empty line comes. */
    void run(@Nullable String first) throws IOException {
        LineReader lines = new LineReader(console.in(), "standard input");
        String message = first;
        if (conversation.get("enable_thinking") != null && !(chat instanceof ChatFormat.Jinja)) {
            console.note("--no-thinking has no effect: conversations of this model have no template");
        }
        while (true) {
            if (message == null) {
                prompt();
                byte[] line = lines.next();
                if (line == null || line.length == 0) {
                    return;
                }
                message = new String(line, StandardCharsets.UTF_8);
            }
            answer(message);
            message = null;
        }
    }

    private void prompt() {
        if (console.terminal()) {
            console.err().print("> ");
            console.err().flush();
        }
    }

    private void answer(String message) {
        ArrayNode messages = conversation.withArray("messages");
        messages.addObject().put("role", "user").put("content", message);
        int[] tokens = Chats.prompt(tokenizer, chat, conversation, true).ids();
        // Templates rewrite earlier turns (they drop old thinking), so the cache is good only as far as tokens agree;
        // at least one token is computed anew, for its logits.
        int common = Arrays.mismatch(held, tokens);
        int same = Math.min(common < 0 ? held.length : common, tokens.length - 1);
        int keep = session.rotatedAlike(tokens.length) ? same : 0;
        session.truncate(keep);
        StreamDecoder decoder = tokenizer.streamDecoder(SpecialTokens.SKIP);
        StringBuilder text = new StringBuilder();
        int[] fresh = Arrays.copyOfRange(tokens, keep, tokens.length);
        Generation generation = new Generator(session, options).generate(fresh, id -> {
            show(decoder.push(id), text);
            return true;
        });
        show(decoder.flush(), text);
        console.out().println();
        console.out().flush();
        held = held(tokens, generation.tokens());
        messages.addObject().put("role", "assistant").put("content", text.toString());
        if (generation.reason() == Generation.StopReason.CONTEXT_FULL) {
            throw new IngotException.OutOfResources(
                    "the conversation has filled the context of " + session.position() + " tokens; start a new one");
        }
    }

    private void show(String piece, StringBuilder text) {
        text.append(piece);
        console.out().print(piece);
        console.out().flush();
    }

    /** The last generated token was chosen but maybe not yet computed. */
    private int[] held(int[] prompt, List<Integer> generated) {
        int[] all = Arrays.copyOf(prompt, prompt.length + generated.size());
        for (int i = 0; i < generated.size(); i++) {
            all[prompt.length + i] = generated.get(i);
        }
        return Arrays.copyOf(all, Math.min(all.length, session.position()));
    }
}
