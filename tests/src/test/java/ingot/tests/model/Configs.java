package ingot.tests.model;

import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.databind.node.ObjectNode;

/** The texts of config.json, read. */
final class Configs {
    private static final Path ORIGIN = Path.of("config.json");

    private Configs() {}

    /** The text of an object. */
    static ObjectNode object(String json) {
        return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), ORIGIN, JsonBound.INPUT);
    }

    /** The base with the members of {@code changes} put over it; a member "-" is removed. */
    static ModelConfig read(String base, String changes) {
        ObjectNode config = object(base);
        object("{" + changes + "}").forEachEntry((name, value) -> {
            if (value.isString() && value.stringValue().equals("-")) {
                config.remove(name);
            } else {
                config.set(name, value);
            }
        });
        return ModelConfigs.read(config, ORIGIN);
    }
}
