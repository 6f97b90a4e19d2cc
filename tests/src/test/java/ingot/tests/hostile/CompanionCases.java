package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Small files that ask for much: experts of one byte, groups of one column. */
final class CompanionCases {
    private CompanionCases() {}

    static List<HostileCase> all() {
        return List.of(
                bad(
                        "experts-of-one-byte",
                        "'model\\.layers\\.0\\.mlp\\.experts\\.down_proj' @\\d+: 100000 experts; expected at most 4096",
                        f -> new TinyModel()
                                .tensor(
                                        "model.layers.0.mlp.experts.down_proj",
                                        "F8_E4M3",
                                        "[100000,1,1]",
                                        new byte[100_000])
                                .write(f)),
                bad(
                        "settings-1001",
                        "'.*dynamic': 1001 settings; at most 1000",
                        f -> new TinyModel()
                                .config(c -> {
                                    ObjectNode gptq = c.putObject("quantization_config")
                                            .put("quant_method", "gptq")
                                            .put("bits", 4);
                                    ObjectNode dynamic = gptq.putObject("dynamic");
                                    for (int i = 1; i <= 1001; i++) {
                                        dynamic.putObject("+:a" + i)
                                                .put("bits", 8)
                                                .put("group_size", i);
                                    }
                                })
                                .write(f)),
                bad(
                        "groups-1001",
                        "'.*config_groups': 1001 settings; at most 1000",
                        f -> new TinyModel()
                                .config(c -> {
                                    ObjectNode groups = c.putObject("quantization_config")
                                            .put("quant_method", "compressed-tensors")
                                            .putObject("config_groups");
                                    for (int i = 1; i <= 1001; i++) {
                                        groups.putObject("g" + i)
                                                .putObject("weights")
                                                .put("num_bits", 8)
                                                .put("group_size", i);
                                    }
                                })
                                .write(f)),
                // Zero points of 1024 rows at a time would be 4 GiB.
                mismatch("zero-points-of-every-column", "shape \\[2, 1048576\\] contradicts config\\.json", f -> {
                    int cols = 1 << 20;
                    String shape = "[2," + cols + "]";
                    return new TinyModel()
                            .without("lm_head.weight")
                            .tensor("lm_head.weight", "I8", shape, new byte[2 * cols])
                            .tensor("lm_head.weight_scale", "F16", shape, new byte[4 * cols])
                            .tensor("lm_head.weight_zero_point", "I8", shape, new byte[2 * cols])
                            .config(c -> c.putObject("quantization_config")
                                    .put("quant_method", "compressed-tensors")
                                    .putObject("config_groups")
                                    .putObject("a")
                                    .putObject("weights")
                                    .put("num_bits", 8)
                                    .put("symmetric", false)
                                    .put("group_size", 1))
                            .write(f);
                }));
    }
}
