package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * config.json → {@link ModelConfig}. Absent fields take the defaults of the reference (transformers,
 * configuration_qwen2.py and its like; configuration_qwen.py of the first Qwen); a field that changes the arithmetic in a way not implemented here is
 * refused, never ignored.
 */
public final class ModelConfigs {
    private static final List<ConfigFamily> FAMILIES = Stream.<ConfigFamily[]>of(
                    Qwen1Family.values(), DenseFamily.values(), HybridFamily.values())
            .flatMap(Arrays::stream)
            .toList();

    private ModelConfigs() {}

    /**
     * @param config the parsed config.json
     * @param origin named in errors
     * @throws IngotException.ConfigMismatch for an unsupported architecture or setting, or settings that contradict each
     *     other
     * @throws IngotException.BadData for a field of the wrong type or out of bounds
     */
    public static ModelConfig read(ObjectNode config, Path origin) {
        ObjectFields fields = ObjectFields.root(config, origin);
        String type = fields.text("model_type")
                .orElseThrow(() -> IngotException.ConfigMismatch.in(
                        origin, "no 'model_type'; expected one of " + supportedTypes()));
        ConfigFamily family = FAMILIES.stream()
                .filter(f -> f.modelType().equals(type))
                .findFirst()
                .orElseThrow(() -> IngotException.ConfigMismatch.in(
                        origin,
                        "model_type " + Text.quote(type) + " is not supported" + kind(type) + "; expected one of "
                                + supportedTypes()));
        requireArchitecture(fields, family);
        return family.read(fields);
    }

    private static void requireArchitecture(ObjectFields fields, ConfigFamily family) {
        JsonNode architectures = fields.get("architectures").orElse(null);
        if (architectures == null) {
            return;
        }
        if (!architectures.isArray() || !architectures.valueStream().allMatch(JsonNode::isString)) {
            throw fields.bad("architectures", ObjectFields.show(architectures) + "; expected a list of strings");
        }
        Stream<String> names = architectures.valueStream().map(JsonNode::stringValue);
        if (!architectures.isEmpty() && names.noneMatch(family.architecture()::equals)) {
            throw fields.unsupported(
                    "architectures",
                    ObjectFields.show(architectures) + " is not supported for model_type "
                            + Text.quote(family.modelType()) + "; expected " + family.architecture());
        }
    }

    /** What the published models of other kinds are, by the parts of their type's name. */
    private static String kind(String type) {
        if (!type.startsWith("qwen")) {
            return "";
        }
        return type.contains("omni") || type.contains("audio")
                ? " (speech models are not read)"
                : type.contains("vl") ? " (vision models are not read yet)" : "";
    }

    private static String supportedTypes() {
        return FAMILIES.stream().map(ConfigFamily::modelType).collect(Collectors.joining(", "));
    }
}
