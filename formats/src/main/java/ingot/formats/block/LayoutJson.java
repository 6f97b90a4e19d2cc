package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.Text;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The manifest's spelling of layouts, read strictly: a field we do not know may change what the bytes mean. */
final class LayoutJson {
    static final String TYPE = "type";
    static final String GROUP = "group";
    static final String DOUBLE_QUANT = "double_quant";

    private LayoutJson() {}

    /** {@link IllegalArgumentException} tells what is wrong. */
    static Layout read(JsonNode node) {
        JsonNode type = node.get(TYPE);
        if (type == null || !type.isString()) {
            throw new IllegalArgumentException("no string 'type'");
        }
        return switch (type.stringValue()) {
            case "int8", "int6", "int5", "int4", "int3", "iq4" -> {
                onlyFields(node, Set.of(TYPE, GROUP));
                yield grouped(type.stringValue(), Grouping.read(node.get(GROUP)));
            }
            case "nf4" -> {
                onlyFields(node, Set.of(TYPE, DOUBLE_QUANT));
                JsonNode nested = node.get(DOUBLE_QUANT);
                if (nested != null && !nested.isBoolean()) {
                    throw new IllegalArgumentException("'double_quant' is not a boolean");
                }
                yield new Nf4(nested != null && nested.booleanValue());
            }
            case "f32", "f16", "bf16" -> {
                onlyFields(node, Set.of(TYPE));
                yield new Dense(
                        switch (type.stringValue()) {
                            case "f32" -> DType.F32;
                            case "f16" -> DType.F16;
                            default -> DType.BF16;
                        });
            }
            default ->
                throw new IllegalArgumentException("unknown type " + Text.quote(type.stringValue())
                        + "; expected f32, f16, bf16, int8, int6, int5, int4, int3, iq4 or nf4");
        };
    }

    private static Grouped grouped(String type, int group) {
        return switch (type) {
            case "int8" -> new Int8(group);
            case "int4" -> new Int4(group);
            case "iq4" -> new Iq4(group);
            default -> new IntN(type.charAt(3) - '0', group);
        };
    }

    private static void onlyFields(JsonNode node, Set<String> known) {
        for (String name : node.propertyNames()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException("unknown field " + Text.quote(name));
            }
        }
    }
}
