package ingot.formats.hf;

import ingot.formats.json.ObjectFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Reads the settings of a mixture of experts; defaults of transformers' configuration_qwen2_moe.py and _qwen3_moe.py. */
final class MoeReader {
    private static final int MAX_EXPERTS = 1 << 14;
    /** Experts of all layers together: the published models stay below 31,000, and each is three entries of a list. */
    private static final long MAX_TOTAL = 1 << 16;

    private MoeReader() {}

    /**
     * What a family's reference does where the file is silent.
     *
     * @param sharedExpert whether layers have an expert every token passes
     * @param normalize default of {@code norm_topk_prob}
     */
    record Defaults(
            int experts, int perToken, int expertInner, int sharedInner, boolean sharedExpert, boolean normalize) {}

    static MoeConfig read(ObjectFields fields, int layers, Defaults defaults) {
        // transformers 5 writes the second name for some families.
        OptionalInt local = fields.integer("num_local_experts", 0, MAX_EXPERTS);
        int experts = fields.integerOr("num_experts", local.orElse(defaults.experts()), 0, MAX_EXPERTS);
        if (local.isPresent() && local.getAsInt() != experts) {
            throw fields.unsupported("num_local_experts", local.getAsInt() + " contradicts num_experts " + experts);
        }
        if ((long) layers * experts > MAX_TOTAL) {
            throw fields.bad(
                    "num_experts", experts + " in " + layers + " layers; expected at most " + MAX_TOTAL + " in all");
        }
        List<Boolean> sparse = sparseLayers(fields, layers, experts);
        boolean any = sparse.contains(true);
        int perToken = any ? fields.integerOr("num_experts_per_tok", defaults.perToken(), 1, MAX_EXPERTS) : 1;
        if (any && perToken > experts) {
            throw fields.unsupported("num_experts_per_tok", perToken + " is more than num_experts " + experts);
        }
        int inner = fields.integerOr("moe_intermediate_size", defaults.expertInner(), 1, DenseFamily.MAX_WIDTH);
        int shared = 0;
        if (defaults.sharedExpert()) {
            shared = fields.integerOr(
                    "shared_expert_intermediate_size", defaults.sharedInner(), 0, DenseFamily.MAX_WIDTH);
        } else if (fields.integerOr("shared_expert_intermediate_size", 0, 0, DenseFamily.MAX_WIDTH) != 0) {
            throw fields.unsupported("shared_expert_intermediate_size", "this model type has no shared expert");
        }
        return new MoeConfig(
                experts, perToken, inner, shared, fields.flag("norm_topk_prob", defaults.normalize()), sparse);
    }

    /** Layer i has experts if there are any, it is not in mlp_only_layers and decoder_sparse_step divides i + 1. */
    private static List<Boolean> sparseLayers(ObjectFields fields, int layers, int experts) {
        int step = fields.integerOr("decoder_sparse_step", 1, 1, Integer.MAX_VALUE);
        Set<Integer> dense = new HashSet<>();
        JsonNode only = fields.get("mlp_only_layers").orElse(null);
        if (only != null) {
            if (!only.isArray()) {
                throw fields.bad("mlp_only_layers", ObjectFields.show(only) + "; expected a list of layer numbers");
            }
            for (JsonNode layer : only) {
                if (!layer.isIntegralNumber() || !layer.canConvertToInt()) {
                    throw fields.bad("mlp_only_layers", ObjectFields.show(layer) + "; expected a layer number");
                }
                dense.add(layer.intValue());
            }
        }
        List<Boolean> sparse = new ArrayList<>(layers);
        for (int i = 0; i < layers; i++) {
            sparse.add(experts > 0 && !dense.contains(i) && (i + 1) % step == 0);
        }
        return sparse;
    }
}
