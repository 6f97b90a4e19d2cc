package ingot.formats.quantized;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.Locale;

/**
 * AWQ in the layout of its GEMM kernels.
 *
 * @param group columns per scale; −1 for the whole row
 */
public record AwqConfig(int group) implements Quantization {
    static AwqConfig read(ObjectFields fields) {
        String version = fields.text("version")
                .or(() -> fields.text("checkpoint_format"))
                .or(() -> fields.text("format"))
                .orElse("gemm");
        if (!version.toLowerCase(Locale.ROOT).equals("gemm")) {
            throw fields.unsupported("version", Text.quote(version) + " is not supported; expected gemm");
        }
        String name = fields.get("bits").isPresent() ? "bits" : "w_bit";
        int bits = fields.integer(name, 1, 32).orElse(4);
        if (bits != 4) {
            throw fields.unsupported(name, bits + " is not supported; AWQ's GEMM layout has 4 bits");
        }
        return new AwqConfig(
                GptqConfig.group(fields, fields.get("group_size").isPresent() ? "group_size" : "q_group_size", 128));
    }

    @Override
    public String label() {
        return "awq";
    }
}
