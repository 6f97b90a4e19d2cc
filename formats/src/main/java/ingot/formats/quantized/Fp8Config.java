package ingot.formats.quantized;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * FP8 with one factor per block, as DeepSeek-V3 and the Qwen3 FP8 checkpoints store it.
 *
 * @param block rows and columns that share a factor; absent for one factor per tensor
 * @param activations what the publisher's engine does to activations; nothing is done here
 */
public record Fp8Config(Optional<Block> block, String activations) implements Quantization {
    /** Rows and columns that share a factor. */
    public record Block(int rows, int cols) {
        static Block read(ObjectFields fields, String name, JsonNode node) {
            if (!node.isArray() || node.size() != 2 || !node.valueStream().allMatch(Block::isSize)) {
                throw fields.bad(name, ObjectFields.show(node) + "; expected two positive integers");
            }
            return new Block(node.get(0).intValue(), node.get(1).intValue());
        }

        private static boolean isSize(JsonNode node) {
            return node.isIntegralNumber()
                    && node.canConvertToInt()
                    && node.intValue() > 0
                    && node.intValue() <= GptqConfig.MAX_GROUP;
        }
    }

    static Fp8Config read(ObjectFields fields) {
        String format = fields.text("fmt").orElse("e4m3");
        if (!format.equals("e4m3") && !format.equals("float8_e4m3fn")) {
            throw fields.unsupported("fmt", Text.quote(format) + " is not supported; expected e4m3");
        }
        return new Fp8Config(
                fields.get("weight_block_size").map(node -> Block.read(fields, "weight_block_size", node)),
                fields.text("activation_scheme").orElse("none"));
    }

    @Override
    public String label() {
        return "fp8";
    }

    @Override
    public List<String> warnings() {
        return activations.equals("none")
                ? List.of()
                : List.of("the publisher's engine also rounds activations to FP8 (" + Text.quote(activations)
                        + "); here they stay f32");
    }
}
