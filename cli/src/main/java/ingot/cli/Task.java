package ingot.cli;

import ingot.formats.Text;
import ingot.formats.json.Json;
import java.io.IOException;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;

/** One command: options are fields, the result goes to {@link Console#out}. */
abstract class Task {
    @Mixin
    final CommonOptions common = new CommonOptions();

    /** Does the work and returns the exit code: 0, or 1 when a check ran and failed. */
    abstract int run(Console console) throws IOException;

    /** Prints a result as JSON, indented. */
    static void print(Console console, JsonNode json) {
        console.out().println(Text.json(Json.pretty(json)));
    }
}
