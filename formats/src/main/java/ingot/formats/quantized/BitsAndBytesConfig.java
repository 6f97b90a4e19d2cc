package ingot.formats.quantized;

import ingot.formats.json.ObjectFields;

/**
 * bitsandbytes; every tensor carries its own statistics, so the configuration only says which of the two kinds to expect.
 *
 * @param bits 4 (NF4 or FP4, as each tensor says) or 8 (LLM.int8)
 */
public record BitsAndBytesConfig(int bits) implements Quantization {
    static BitsAndBytesConfig read(ObjectFields fields) {
        boolean four = fields.flag("load_in_4bit", fields.flag("_load_in_4bit", false));
        boolean eight = fields.flag("load_in_8bit", fields.flag("_load_in_8bit", false));
        if (four == eight) {
            throw fields.unsupported(
                    "load_in_4bit", "expected exactly one of load_in_4bit and load_in_8bit to be true");
        }
        return new BitsAndBytesConfig(four ? 4 : 8);
    }

    @Override
    public String label() {
        return "bitsandbytes";
    }
}
