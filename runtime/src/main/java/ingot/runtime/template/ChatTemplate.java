package ingot.runtime.template;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A compiled chat template: the Jinja subset of docs/decisions/0011-jinja.md, rendered as Python's jinja2 renders it
 * with {@code trim_blocks}, {@code lstrip_blocks}, the loop controls and transformers' additions. Immutable and safe to
 * share between threads. A template reaches nothing outside the values it is given.
 */
public final class ChatTemplate {
    private final List<Ast.Stmt> body;
    private final Path origin;
    private final TemplateLimits limits;

    private ChatTemplate(List<Ast.Stmt> body, Path origin, TemplateLimits limits) {
        this.body = body;
        this.origin = origin;
        this.limits = limits;
    }

    /**
     * Compiles a template.
     *
     * @param origin file the text came from, named in errors
     * @throws IngotException.BadData if the text is no template of the subset: {@code FILE: line N: REASON}
     */
    public static ChatTemplate compile(String source, Path origin) {
        return compile(source, origin, TemplateLimits.DEFAULT);
    }

    /** As {@link #compile(String, Path)}, with bounds of the caller's choice. */
    public static ChatTemplate compile(String source, Path origin, TemplateLimits limits) {
        if (source.length() > limits.templateChars()) {
            throw IngotException.BadData.in(
                    origin,
                    "chat template of " + source.length() + " characters; at most " + limits.templateChars()
                            + " are accepted");
        }
        try {
            return new ChatTemplate(Parser.parse(source, limits), origin, limits);
        } catch (TemplateFault e) {
            throw bad(origin, e, 1);
        } catch (StackOverflowError e) {
            throw tooDeep(origin, 1);
        }
    }

    /**
     * Renders the conversation.
     *
     * @throws IngotException.BadData if the template fails, raises or exceeds a bound: {@code FILE: line N: REASON}
     */
    public String render(ChatRequest request) {
        ObjectNode tree = request.variables();
        Map<String, JsonNode> variables = new HashMap<>();
        variables.put("messages", request.messages());
        if (request.tools() != null) {
            variables.put("tools", request.tools());
        }
        tree.properties().forEach(e -> variables.put(e.getKey(), e.getValue()));
        Map<String, Value> context = new HashMap<>();
        context.put("tools", Value.None.NONE);
        context.put("documents", Value.None.NONE);
        context.put("add_generation_prompt", Value.of(request.addGenerationPrompt()));
        return render(variables, context, request.clock());
    }

    /** Renders with exactly the given variables: each member of {@code context} is a name the template sees. */
    public String render(ObjectNode context, Clock clock) {
        Map<String, JsonNode> variables = new HashMap<>();
        context.properties().forEach(e -> variables.put(e.getKey(), e.getValue()));
        return render(variables, new HashMap<>(), clock);
    }

    private String render(Map<String, JsonNode> variables, Map<String, Value> context, Clock clock) {
        // The request is the caller's own: it is converted outside the bounds that hold for the template.
        Run unbounded = new Run(Map.of(), new Budget(UNBOUNDED), clock);
        variables.forEach((name, json) -> context.put(name, JsonValues.of(unbounded, json)));
        Run run = new Run(context, new Budget(limits), clock);
        try {
            return new Renderer(run).render(body);
        } catch (TemplateFault e) {
            throw bad(origin, e, run.line());
        } catch (StackOverflowError e) {
            throw tooDeep(origin, run.line());
        }
    }

    private static final TemplateLimits UNBOUNDED =
            new TemplateLimits(0, Integer.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);

    /** The nesting bound leaves room on an ordinary stack; a smaller or colder one ends here. */
    private static IngotException.BadData tooDeep(Path origin, int line) {
        String where = Text.path(origin) + ": chat template line " + line;
        return new IngotException.BadData(where + ": nested too deeply for the stack of this thread");
    }

    private static IngotException.BadData bad(Path origin, TemplateFault e, int line) {
        return new IngotException.BadData(
                Text.path(origin) + ": chat template line " + e.line(line) + ": " + e.reason(), e);
    }
}
