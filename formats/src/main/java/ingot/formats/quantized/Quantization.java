package ingot.formats.quantized;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.json.ObjectFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a published checkpoint was quantized: {@code quantization_config} of config.json, or the older
 * {@code quantize_config.json} beside it. It says what the tensors mean; which modules are quantized is seen from the
 * tensors themselves, so lists of exceptions need no reading.
 */
public sealed interface Quantization permits GptqConfig, AwqConfig, BitsAndBytesConfig, CompressedConfig, Fp8Config {
    /** The field of config.json. */
    String FIELD = "quantization_config";

    /** Where composite checkpoints have the settings of their text model. */
    String TEXT = "text_config";

    /** What AutoGPTQ wrote before the field existed. */
    String OLD_FILE = "quantize_config.json";

    /** Name of the method for messages. */
    String label();

    /** What is dropped although the publisher's engine computes it, for example quantized activations. */
    default List<String> warnings() {
        return List.of();
    }

    /**
     * Reads the configuration of a model folder.
     *
     * @param config the parsed config.json
     * @return empty for a checkpoint that is not quantized
     * @throws IngotException.ConfigMismatch for a method or setting that is not supported, by name
     * @throws IngotException.BadData for a field of the wrong type or out of bounds
     */
    static Optional<Quantization> find(ObjectNode config, Path folder) {
        Path file = folder.resolve("config.json");
        ObjectFields fields = new ObjectFields(config, file, "");
        // Composite checkpoints may have it beside the settings of the text model.
        Optional<ObjectFields> field =
                fields.object(FIELD).or(() -> fields.object(TEXT).flatMap(text -> text.object(FIELD)));
        if (field.isPresent()) {
            return Optional.of(read(field.get(), Optional.empty()));
        }
        Path old = Folders.companion(folder, OLD_FILE);
        if (!Files.exists(old)) {
            return Optional.empty();
        }
        return Optional.of(
                read(new ObjectFields(Json.readObject(old, JsonBound.CONFIG), old, ""), Optional.of("gptq")));
    }

    /** The file that {@link #find} has its answer from. */
    static Path file(ObjectNode config, Path folder) {
        boolean has = config.hasNonNull(FIELD) || config.path(TEXT).hasNonNull(FIELD);
        return folder.resolve(has ? "config.json" : OLD_FILE);
    }

    private static Quantization read(ObjectFields fields, Optional<String> assumed) {
        String method = fields.text("quant_method")
                .or(() -> loads(fields))
                .or(() -> assumed)
                .orElseThrow(() -> fields.unsupported("quant_method", "missing; expected one of " + methods()));
        return switch (method.toLowerCase(Locale.ROOT)) {
            case "gptq" -> GptqConfig.read(fields);
            case "awq" -> AwqConfig.read(fields);
            case "bitsandbytes" -> BitsAndBytesConfig.read(fields);
            case "compressed-tensors" -> CompressedConfig.read(fields);
            case "fp8" -> Fp8Config.read(fields);
            default ->
                throw fields.unsupported(
                        "quant_method",
                        Text.quote(method) + " is not supported; expected one of " + methods()
                                + ", or convert from the original checkpoint");
        };
    }

    /** bitsandbytes configurations of early versions carry no name. */
    private static Optional<String> loads(ObjectFields fields) {
        boolean its = fields.flag("load_in_4bit", false) || fields.flag("load_in_8bit", false);
        return its ? Optional.of("bitsandbytes") : Optional.empty();
    }

    private static String methods() {
        return "gptq, awq, bitsandbytes, compressed-tensors, fp8";
    }
}
