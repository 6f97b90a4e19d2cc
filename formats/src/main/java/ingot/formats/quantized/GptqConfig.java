package ingot.formats.quantized;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;

/**
 * GPTQ as AutoGPTQ and GPTQModel store it.
 *
 * @param bits 2, 3, 4 or 8
 * @param group columns per scale; −1 for the whole row
 * @param symmetric what the file says of its zeros; the data decides
 * @param version2 whether the file says that it stores zeros as they are ({@code gptq_v2}) and not less one
 */
public record GptqConfig(int bits, int group, boolean symmetric, boolean version2) implements Quantization {
    static final int MAX_GROUP = 1 << 20;

    static GptqConfig read(ObjectFields fields) {
        int bits = fields.requireInteger("bits", 1, 32);
        if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
            throw fields.unsupported("bits", bits + " is not supported; expected 2, 3, 4 or 8");
        }
        String format =
                fields.text("checkpoint_format").or(() -> fields.text("format")).orElse("gptq");
        if (!format.equals("gptq") && !format.equals("gptq_v2")) {
            throw fields.unsupported(
                    "checkpoint_format", Text.quote(format) + " is not supported; expected gptq or gptq_v2");
        }
        if (fields.flag("is_marlin_format", false)) {
            throw fields.unsupported("is_marlin_format", "Marlin's layout is not supported; expected false");
        }
        fields.object("dynamic")
                .ifPresent(rules -> rules.node().propertyNames().stream()
                        .filter(rule -> !rule.startsWith("-:"))
                        .findFirst()
                        .ifPresent(rule -> {
                            throw fields.unsupported(
                                    "dynamic",
                                    "other settings for some modules (" + Text.quote(rule) + ") are not supported");
                        }));
        return new GptqConfig(
                bits, group(fields, "group_size", 128), fields.flag("sym", true), format.equals("gptq_v2"));
    }

    /** A group size: positive, or −1 for the whole row. */
    static int group(ObjectFields fields, String name, int fallback) {
        int group = fields.integer(name, -1, MAX_GROUP).orElse(fallback);
        if (group == 0) {
            throw fields.bad(name, "0; expected a positive integer, or -1 for whole rows");
        }
        return group;
    }

    @Override
    public String label() {
        return "gptq";
    }
}
