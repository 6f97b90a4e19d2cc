package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Reads rotary settings in both spellings: {@code rope_theta} and {@code rope_scaling} of transformers 4, and
 * {@code rope_parameters} of transformers 5 (which holds the base too). The scaling type stands under {@code rope_type} or, in
 * older files, {@code type}. Defaults and formulas: transformers, modeling_rope_utils.py.
 */
final class RopeReader {
    private static final double DEFAULT_THETA = 10_000;
    private static final double MAX_FACTOR = 1e6;
    private static final int MAX_POSITIONS = 1 << 30;

    /** Every key understood. Another one would change the rotation in a way unknown here, so it is refused. */
    private static final Set<String> KNOWN = Set.of(
            "rope_type",
            "type",
            "rope_theta",
            "factor",
            "original_max_position_embeddings",
            "attention_factor",
            "beta_fast",
            "beta_slow",
            "mscale",
            "mscale_all_dim",
            "truncate",
            "partial_rotary_factor",
            "finetuned");

    private RopeReader() {}

    static RopeConfig read(ConfigFields config, int headDim, int maxPositions) {
        requireWhole(config);
        Optional<ConfigFields> parameters = config.object("rope_parameters");
        Optional<ConfigFields> older = config.object("rope_scaling");
        if (parameters.isPresent()
                && older.isPresent()
                && !parameters.get().node().equals(older.get().node())) {
            throw config.mismatch("rope_scaling", "contradicts 'rope_parameters'; keep one of them");
        }
        double theta = config.numberOr("rope_theta", DEFAULT_THETA, 1.000001, 1e15);
        Optional<ConfigFields> rope = parameters.or(() -> older);
        if (rope.isEmpty()) {
            return new RopeConfig(theta, headDim, new RopeConfig.None());
        }
        ConfigFields fields = rope.get();
        for (String key : fields.node().propertyNames()) {
            if (!KNOWN.contains(key)) {
                throw fields.mismatch(key, "unknown rotary setting; results would differ from the reference");
            }
        }
        requireWhole(fields);
        if (fields.has("rope_theta")) {
            double inner = fields.numberOr("rope_theta", theta, 1.000001, 1e15);
            if (config.has("rope_theta") && inner != theta) {
                throw fields.mismatch("rope_theta", inner + " contradicts 'rope_theta' " + theta + " beside it");
            }
            theta = inner;
        }
        return new RopeConfig(theta, headDim, scaling(fields, headDim, maxPositions));
    }

    private static RopeConfig.Scaling scaling(ConfigFields fields, int headDim, int maxPositions) {
        Optional<String> type = fields.text("rope_type");
        Optional<String> olderType = fields.text("type");
        if (type.isPresent() && olderType.isPresent() && !type.equals(olderType)) {
            throw fields.mismatch("type", Text.quote(olderType.get()) + " contradicts 'rope_type'");
        }
        String name = type.or(() -> olderType).orElse("default");
        return switch (name) {
            case "default" -> new RopeConfig.None();
            case "linear" -> new RopeConfig.Linear(factor(fields));
            case "dynamic" -> dynamic(fields, headDim, maxPositions);
            case "yarn" -> yarn(fields, maxPositions);
            default ->
                throw fields.mismatch(
                        type.isPresent() ? "rope_type" : "type",
                        Text.quote(name) + " is not supported; expected default, linear, dynamic or yarn");
        };
    }

    private static RopeConfig.DynamicNtk dynamic(ConfigFields fields, int headDim, int maxPositions) {
        if (headDim <= 2) {
            throw fields.mismatch("rope_type", "'dynamic' needs heads wider than 2, found " + headDim);
        }
        // The reference takes L from max_position_embeddings, whatever this key says.
        int original = fields.intOr("original_max_position_embeddings", maxPositions, 1, MAX_POSITIONS);
        if (original != maxPositions) {
            throw fields.mismatch(
                    "original_max_position_embeddings",
                    original + " differs from max_position_embeddings " + maxPositions
                            + "; the reference ignores it for 'dynamic', so remove it or make them equal");
        }
        return new RopeConfig.DynamicNtk(factor(fields), maxPositions);
    }

    private static RopeConfig.Yarn yarn(ConfigFields fields, int maxPositions) {
        int original = fields.intOr("original_max_position_embeddings", maxPositions, 1, MAX_POSITIONS);
        double factor = fields.has("factor") ? factor(fields) : (double) maxPositions / original;
        double mscale = fields.numberOr("mscale", 0, 0, MAX_FACTOR);
        double mscaleAllDim = fields.numberOr("mscale_all_dim", 0, 0, MAX_FACTOR);
        double attention = mscale != 0 && mscaleAllDim != 0
                ? yarnMagnitude(factor, mscale) / yarnMagnitude(factor, mscaleAllDim)
                : yarnMagnitude(factor, 1);
        // Zero means "not given" in the reference (Python's `or`).
        double fast = fields.numberOr("beta_fast", 0, 0, 1e9);
        double slow = fields.numberOr("beta_slow", 0, 0, 1e9);
        return new RopeConfig.Yarn(
                factor,
                original,
                fast == 0 ? 32 : fast,
                slow == 0 ? 1 : slow,
                fields.numberOr("attention_factor", attention, 1e-6, MAX_FACTOR),
                fields.flagOr("truncate", true));
    }

    /** YaRN's growth of the logits: 0.1·m·ln(s) + 1 for s &gt; 1. */
    private static double yarnMagnitude(double scale, double mscale) {
        return scale <= 1 ? 1 : 0.1 * mscale * Math.log(scale) + 1;
    }

    private static double factor(ConfigFields fields) {
        return fields.requireNumber("factor", 1, MAX_FACTOR);
    }

    /** These families rotate the whole head. */
    private static void requireWhole(ConfigFields fields) {
        JsonNode partial = fields.get("partial_rotary_factor");
        if (partial != null && fields.requireNumber("partial_rotary_factor", 0, 1) != 1) {
            throw unsupported(fields, partial);
        }
    }

    private static IngotException unsupported(ConfigFields fields, JsonNode partial) {
        return fields.mismatch(
                "partial_rotary_factor", ConfigFields.show(partial) + " is not supported for this model type");
    }
}
