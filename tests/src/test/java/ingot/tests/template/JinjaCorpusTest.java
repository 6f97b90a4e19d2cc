package ingot.tests.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.runtime.template.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/** Small templates that Python's jinja2 rendered (golden-outputs/templates/README.md), errors included. */
final class JinjaCorpusTest {
    @Test
    void everyCaseRendersOrFailsAsJinja2Does() throws IOException {
        List<ObjectNode> cases = TemplateData.lines("templates/jinja2-corpus.jsonl");
        assertTrue(cases.size() > 400, () -> "only " + cases.size() + " cases");
        List<String> wrong = new ArrayList<>();
        for (ObjectNode c : cases) {
            String expected = c.has("text") ? c.get("text").stringValue() : "<error>";
            String found = render(c.get("template").stringValue(), (ObjectNode) c.get("context"));
            if (!(expected.equals("<error>") ? found.startsWith("<error>") : found.equals(expected))) {
                wrong.add(
                        Json.compact(c.get("template")) + "\n  jinja2: " + show(expected) + "\n  ours:   " + show(found)
                                + (c.has("error") ? "\n  " + c.get("error").stringValue() : ""));
            }
        }
        assertEquals(List.of(), wrong, () -> wrong.size() + " differ:\n" + String.join("\n", wrong) + "\n");
    }

    private static String show(String s) {
        return s.replace("\n", "\\n").replace("\t", "\\t");
    }

    private static String render(String template, ObjectNode context) {
        try {
            return ChatTemplate.compile(template, Path.of("case")).render(context, TemplateData.CLOCK);
        } catch (IngotException.BadData e) {
            return "<error> " + e.getMessage();
        }
    }
}
