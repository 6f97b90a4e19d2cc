package ingot.formats.quantized;

import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * compressed-tensors (llm-compressor). Groups of modules may have different settings; which module belongs to which is a
 * regular expression in the file, so it is found from the shapes instead.
 *
 * @param weights the distinct settings
 */
public record CompressedConfig(List<Weights> weights, List<String> warnings) implements Quantization {
    /** Under {@code mixed-precision} every group has a format of its own. */
    private static final Set<String> FORMATS =
            Set.of("pack-quantized", "int-quantized", "float-quantized", "naive-quantized", "mixed-precision");

    /** Fields that are read, and those of which the tensors know better or that say nothing about their meaning. */
    private static final Set<String> TOP = Set.of(
            "quant_method",
            "format",
            "config_groups",
            "sparsity_config",
            "transform_config",
            "kv_cache_scheme",
            "ignore",
            "quantization_status",
            "global_compression_ratio",
            "version",
            "run_compressed",
            "modules_to_not_convert");

    private static final Set<String> GROUP =
            Set.of("targets", "weights", "input_activations", "output_activations", "format");
    private static final Set<String> WEIGHTS = Set.of(
            "num_bits",
            "type",
            "symmetric",
            "strategy",
            "group_size",
            "block_structure",
            "dynamic",
            "actorder",
            "observer",
            "observer_kwargs",
            "scale_dtype",
            "zp_dtype");

    /** How many numbers share a scale. */
    public enum Strategy {
        TENSOR,
        CHANNEL,
        GROUP,
        BLOCK
    }

    /**
     * Settings of weights.
     *
     * @param floating FP8 E4M3 instead of integers
     * @param symmetric whether there are no zero points
     * @param block rows and columns per scale of {@link Strategy#BLOCK}; 1 × group of {@link Strategy#GROUP}; else 1 × 1
     */
    public record Weights(int bits, boolean floating, boolean symmetric, Strategy strategy, Fp8Config.Block block) {}

    public CompressedConfig {
        weights = List.copyOf(weights);
        warnings = List.copyOf(warnings);
    }

    static CompressedConfig read(ObjectFields fields) {
        requireFormat(fields);
        requireKnown(fields, TOP);
        // Rotations of inputs and outputs, which weights alone do not undo.
        fields.get("transform_config").filter(t -> !t.isEmpty()).ifPresent(t -> {
            throw fields.unsupported("transform_config", "transforms of weights are not supported; expected none");
        });
        fields.object("sparsity_config")
                .flatMap(s -> s.text("format"))
                .filter(f -> !f.equals("dense"))
                .ifPresent(f -> {
                    throw fields.unsupported("sparsity_config", Text.quote(f) + " is not supported; expected dense");
                });
        ObjectFields groups = fields.object("config_groups")
                .orElseThrow(() -> fields.unsupported("config_groups", "missing; it says how weights are quantized"));
        SequencedSet<Weights> found = new LinkedHashSet<>();
        List<String> warnings = new ArrayList<>();
        for (String name : groups.node().propertyNames()) {
            ObjectFields group = groups.object(name).orElseThrow(() -> groups.bad(name, "null; expected an object"));
            requireFormat(group);
            requireKnown(group, GROUP);
            group.object("weights").map(CompressedConfig::weights).ifPresent(found::add);
            if (group.get("input_activations").isPresent() && warnings.isEmpty()) {
                warnings.add("the publisher's engine also quantizes activations; here they stay f32");
            }
        }
        if (fields.get("kv_cache_scheme").isPresent()) {
            warnings.add("the publisher's engine also quantizes the key/value cache; here it stays as it is");
        }
        if (found.size() > GptqConfig.MAX_SETTINGS) {
            throw fields.bad(
                    "config_groups", found.size() + " settings; at most " + GptqConfig.MAX_SETTINGS + " are accepted");
        }
        if (found.isEmpty()) {
            throw fields.unsupported("config_groups", "no group quantizes weights");
        }
        return new CompressedConfig(List.copyOf(found), warnings);
    }

    private static void requireKnown(ObjectFields fields, Set<String> known) {
        for (String name : fields.node().propertyNames()) {
            boolean says = fields.get(name)
                    .filter(v -> !(v.isContainer() && v.isEmpty()) && !(v.isBoolean() && !v.booleanValue()))
                    .isPresent();
            if (says && !known.contains(name)) {
                throw fields.unsupported(name, "not understood; it may change what the numbers mean");
            }
        }
    }

    private static void requireFormat(ObjectFields fields) {
        fields.text("format").filter(f -> !FORMATS.contains(f)).ifPresent(f -> {
            throw fields.unsupported(
                    "format",
                    Text.quote(f)
                            + " is not supported; expected pack-quantized, int-quantized, float-quantized or"
                            + " naive-quantized");
        });
    }

    private static Weights weights(ObjectFields fields) {
        requireKnown(fields, WEIGHTS);
        int bits = fields.integer("num_bits", 1, 32).orElse(8);
        String type = fields.text("type").orElse("int");
        if (!type.equals("int") && !type.equals("float")) {
            throw fields.unsupported("type", Text.quote(type) + " is not supported; expected int or float");
        }
        boolean floating = type.equals("float");
        if (floating ? bits != 8 : bits > 8) {
            throw fields.unsupported(
                    "num_bits",
                    bits + " is not supported for " + type + "; expected " + (floating ? "8" : "at most 8"));
        }
        Optional<Integer> group = fields.integer("group_size", -1, GptqConfig.MAX_GROUP).stream()
                .boxed()
                .findFirst();
        String name = fields.text("strategy")
                .orElseGet(() -> group.map(g -> g < 0 ? "channel" : "group").orElse("tensor"));
        boolean symmetric = fields.flag("symmetric", true);
        var one = new Fp8Config.Block(1, 1);
        return switch (name) {
            case "tensor" -> new Weights(bits, floating, symmetric, Strategy.TENSOR, one);
            case "channel" -> new Weights(bits, floating, symmetric, Strategy.CHANNEL, one);
            case "group" -> {
                int size = group.filter(g -> g > 0)
                        .orElseThrow(() -> fields.bad("group_size", "expected a positive integer with strategy group"));
                yield new Weights(bits, floating, symmetric, Strategy.GROUP, new Fp8Config.Block(1, size));
            }
            case "block" -> {
                JsonNode block = fields.get("block_structure")
                        .orElseThrow(() -> fields.bad("block_structure", "missing; strategy block needs it"));
                var size = Fp8Config.Block.read(fields, "block_structure", block);
                yield new Weights(bits, floating, symmetric, Strategy.BLOCK, size);
            }
            default ->
                throw fields.unsupported(
                        "strategy", Text.quote(name) + " is not supported; expected tensor, channel, group or block");
        };
    }

    @Override
    public String label() {
        return "compressed-tensors";
    }
}
