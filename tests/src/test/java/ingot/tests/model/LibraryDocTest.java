package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.Model;
import ingot.runtime.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** docs/library.md shows code that compiles and does what the text says. */
final class LibraryDocTest {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    private static final Pattern QUOTED =
            Pattern.compile("<!-- example: (\\w+) -->\n```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern COMPILED = Pattern.compile("// example: (\\w+)\n(.*?) *// end", Pattern.DOTALL);

    @Test
    void theDocumentQuotesWhatIsCompiled() throws IOException {
        String document = Files.readString(ROOT.resolve("docs/library.md"));
        String source = Files.readString(ROOT.resolve("tests/src/test/java/ingot/tests/model/LibraryExample.java"));
        Map<String, String> quoted = examples(QUOTED, document);
        assertFalse(quoted.isEmpty());
        assertEquals(examples(COMPILED, source), quoted);
        assertEquals(document.split("```java", -1).length - 1, quoted.size(), "every example is one of them");
    }

    private static Map<String, String> examples(Pattern pattern, String text) {
        Map<String, String> examples = new TreeMap<>();
        for (MatchResult match : pattern.matcher(text).results().toList()) {
            examples.put(match.group(1), match.group(2).stripTrailing().stripIndent());
        }
        return examples;
    }

    /** The prompts and texts of a checkpoint with a tokenizer, as the reference wrote them down. */
    @Test
    void generatedTextIsTheReferences() {
        Path folder = Golden.folder("checkpoints/qwen2-e2e");
        JsonNode prompts = Json.parse(Json.readBytes(folder.resolve("text.json"), 1 << 20), folder, JsonBound.INPUT);
        assertEquals(4, prompts.size());
        for (JsonNode prompt : prompts) {
            String text = prompt.get("text").stringValue();
            assertEquals(prompt.get("text_before_eos").stringValue(), LibraryExample.generate(folder, text));
        }
    }

    @Test
    void theExamplesWork() {
        String name = "checkpoints/qwen3-tied-bf16";
        Golden.Prompt prompt = Golden.read(name).get(1);
        try (Model model = Model.open(Golden.folder(name));
                Session session = model.newSession()) {
            int sum = Arrays.stream(prompt.greedyCached()).limit(10).sum();
            assertEquals(sum, LibraryExample.iterate(session, prompt.ids()));
            List<int[]> prompts =
                    Golden.read(name).stream().map(Golden.Prompt::ids).toList();
            List<List<Integer>> texts = LibraryExample.together(model, prompts, 10);
            for (int i = 0; i < prompts.size(); i++) {
                int[] expected = Golden.read(name).get(i).greedyCached();
                assertEquals(Arrays.stream(expected).limit(10).boxed().toList(), texts.get(i));
            }
            session.reset();
            var best = LibraryExample.mostLikely(session, prompt.ids());
            assertEquals(prompt.ids().length + 1, best.size());
            assertEquals(best.getFirst(), best.getLast());
            assertEquals(1, session.position());
            session.reset();
            float[] embeddings = LibraryExample.embed(session, prompt.ids());
            assertEquals(prompt.ids().length * model.info().hidden(), embeddings.length);
        }
    }
}
