package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Values of {@code general.architecture} that are read, with what config.json calls them. */
public enum Architecture {
    QWEN2("qwen2", "qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "qwen3", "Qwen3ForCausalLM"),
    QWEN2MOE("qwen2moe", "qwen2_moe", "Qwen2MoeForCausalLM"),
    QWEN3MOE("qwen3moe", "qwen3_moe", "Qwen3MoeForCausalLM");

    private final String label;
    private final String modelType;
    private final String className;

    Architecture(String label, String modelType, String className) {
        this.label = label;
        this.modelType = modelType;
        this.className = className;
    }

    /** Prefix of its metadata keys. */
    public String label() {
        return label;
    }

    /** {@code model_type} of config.json. */
    public String modelType() {
        return modelType;
    }

    /** {@code architectures[0]} of config.json. */
    String className() {
        return className;
    }

    boolean experts() {
        return this == QWEN2MOE || this == QWEN3MOE;
    }

    /** @throws IngotException.ConfigMismatch unless the file holds a model of one of these architectures */
    static Architecture of(Metadata metadata) {
        // Adapters name the architecture of the model they are for.
        metadata.optionalText("general.type")
                .filter(type -> !type.equals("model"))
                .ifPresent(type -> {
                    throw metadata.mismatch("general.type", Text.quote(type) + " is not supported; expected model");
                });
        String label = metadata.optionalText("general.architecture")
                .orElseThrow(() ->
                        IngotException.BadData.in(metadata.file(), "metadata key 'general.architecture' is missing"));
        return Stream.of(values())
                .filter(a -> a.label.equals(label))
                .findFirst()
                .orElseThrow(() -> metadata.mismatch(
                        "general.architecture",
                        Text.quote(label) + " is not supported; expected one of "
                                + Stream.of(values()).map(Architecture::label).collect(Collectors.joining(", "))));
    }
}
