package ingot.tests.template;

import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Files under golden-outputs/. */
final class TemplateData {
    /** The moment that the generator of golden-outputs/templates/ froze. */
    static final Clock CLOCK = Clock.fixed(Instant.parse("2025-03-07T09:05:03.000042Z"), ZoneOffset.UTC);

    static final List<String> PUBLISHED = List.of("qwen2.5", "qwen3", "qwen3-coder", "qwen3.5", "qwq");

    private TemplateData() {}

    static Path golden(String path) {
        return Path.of(System.getProperty("ingot.root"))
                .resolve("golden-outputs")
                .resolve(path);
    }

    static String published(String name) throws IOException {
        return Files.readString(golden("tokenizers/chat-templates/" + name + ".jinja"));
    }

    static List<ObjectNode> lines(String path) throws IOException {
        Path file = golden(path);
        return Files.readAllLines(file).stream()
                .map(line -> Json.parseObject(line.getBytes(StandardCharsets.UTF_8), file, JsonBound.INPUT))
                .toList();
    }
}
