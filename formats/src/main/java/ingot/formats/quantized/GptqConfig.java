package ingot.formats.quantized;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * GPTQ as AutoGPTQ and GPTQModel store it.
 *
 * @param setting of every module for which {@code others} has none
 * @param version2 whether the file says that it stores zeros as they are ({@code gptq_v2}) and not less one
 * @param others settings of some modules
 */
public record GptqConfig(Setting setting, boolean version2, List<Setting> others) implements Quantization {
    /**
     * How a module is stored.
     *
     * @param bits 2, 3, 4 or 8
     * @param group columns per scale; −1 for the whole row
     * @param symmetric what the file says of its zeros; the data decides
     */
    public record Setting(int bits, int group, boolean symmetric) {
        /** Columns per scale in a matrix of {@code cols} columns. */
        int group(int cols) {
            return group < 0 ? cols : group;
        }
    }

    public GptqConfig {
        others = List.copyOf(others);
    }

    static final int MAX_GROUP = 1 << 20;

    /** Settings that differ, each of which is tried on each module; published files have a handful. */
    static final int MAX_SETTINGS = 1000;

    static GptqConfig read(ObjectFields fields) {
        int bits = bits(fields, fields.requireInteger("bits", 1, 32));
        String format =
                fields.text("checkpoint_format").or(() -> fields.text("format")).orElse("gptq");
        if (!format.equals("gptq") && !format.equals("gptq_v2")) {
            throw fields.unsupported(
                    "checkpoint_format", Text.quote(format) + " is not supported; expected gptq or gptq_v2");
        }
        if (fields.flag("is_marlin_format", false)) {
            throw fields.unsupported("is_marlin_format", "Marlin's layout is not supported; expected false");
        }
        if (fields.get("adapter").isPresent()) {
            throw fields.unsupported("adapter", "an adapter beside the quantized weights is not supported");
        }
        Setting own = new Setting(bits, group(fields, "group_size", 128), fields.flag("sym", true));
        return new GptqConfig(own, format.equals("gptq_v2"), dynamic(fields, own));
    }

    /**
     * GPTQModel's settings for some modules, {@code {"+:regex": {"bits": 8}, "-:regex": {}}}: which module has which is found
     * from the shapes, for no expression from a file is run; excluded modules are seen from their tensors.
     */
    private static List<Setting> dynamic(ObjectFields fields, Setting own) {
        SequencedSet<Setting> found = new LinkedHashSet<>();
        Optional<ObjectFields> rules = fields.object("dynamic");
        for (String rule : rules.map(r -> List.copyOf(r.node().propertyNames())).orElse(List.of())) {
            Optional<ObjectFields> setting = rules.orElseThrow().object(rule);
            if (rule.startsWith("-:") || setting.isEmpty()) {
                continue;
            }
            ObjectFields values = setting.get();
            if (values.get("adapter").isPresent()) {
                throw values.unsupported("adapter", "an adapter beside the quantized weights is not supported");
            }
            found.add(new Setting(
                    bits(values, own.bits()),
                    group(values, "group_size", own.group()),
                    values.flag("sym", own.symmetric())));
        }
        found.remove(own);
        if (found.size() > MAX_SETTINGS) {
            throw fields.bad("dynamic", found.size() + " settings; at most " + MAX_SETTINGS + " are accepted");
        }
        return List.copyOf(found);
    }

    private static int bits(ObjectFields fields, int fallback) {
        int bits = fields.integer("bits", 1, 32).orElse(fallback);
        if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
            throw fields.unsupported("bits", bits + " is not supported; expected 2, 3, 4 or 8");
        }
        return bits;
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
