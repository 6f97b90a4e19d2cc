package ingot.tests.cli;

import ingot.cli.Console;
import ingot.cli.Main;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Runs commands in this JVM. */
record Cli(int code, String out, String err) {
    static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    static final Path TINY = ROOT.resolve("golden-outputs/checkpoints/qwen2-e2e");

    static Cli run(String... args) {
        return fed("", args);
    }

    static Cli fed(String input, String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        int code = Main.run(args, Console.of(in, out, err, false));
        return new Cli(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** What was printed, as one JSON value. */
    JsonNode json() {
        return Json.parse(out.getBytes(StandardCharsets.UTF_8), Path.of("stdout"), JsonBound.INPUT);
    }

    /** The keys of an object in their order. */
    static List<String> keys(JsonNode node) {
        return List.copyOf(node.propertyNames());
    }
}
