package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.ObjectFields;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Reads rotary settings in both spellings: {@code rope_theta} and {@code rope_scaling} of transformers 4, and
 * {@code rope_parameters} of transformers 5 (which holds the base too). The scaling type stands under {@code rope_type} or, in
 * older files, {@code type}. Defaults and formulas: transformers, modeling_rope_utils.py.
 */
final class RopeReader {
    private static final double DEFAULT_THETA = 10_000;
    private static final double DEFAULT_PART = 0.25;
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

    /** Sections of multimodal positions are known where heads turn in part: the families that also read pictures. */
    private static final Set<String> KNOWN_PARTIAL = Stream.concat(
                    KNOWN.stream(), Stream.of("mrope_section", "mrope_interleaved"))
            .collect(Collectors.toUnmodifiableSet());

    private RopeReader() {}

    /** Settings of a family that rotates whole heads. */
    static RopeConfig read(ObjectFields config, int headDim, int maxPositions) {
        requireWhole(config);
        settings(config).ifPresent(RopeReader::requireWhole);
        RopeConfig rope = read(config, headDim, maxPositions, KNOWN);
        Optional<ObjectFields> chunks = config.object("dual_chunk_attention_config");
        return chunks.isEmpty() ? rope : new RopeConfig(rope.theta(), headDim, dualChunk(chunks.get(), rope.scaling()));
    }

    /** Within the first chunk, positions and keys are those of plain attention, whatever else the settings say. */
    private static RopeConfig.Scaling dualChunk(ObjectFields fields, RopeConfig.Scaling scaling) {
        int chunk = fields.requireInteger("chunk_size", 2, MAX_POSITIONS);
        int local = fields.requireInteger("local_size", 0, MAX_POSITIONS);
        if (!(scaling instanceof RopeConfig.None)) {
            throw fields.unsupported("chunk_size", "dual chunk attention beside 'rope_scaling' is not supported");
        }
        if (local >= chunk) {
            throw fields.unsupported("local_size", local + " is not below chunk_size " + chunk);
        }
        int original = fields.integerOr("original_max_position_embeddings", MAX_POSITIONS, 1, MAX_POSITIONS);
        return new RopeConfig.DualChunk(Math.min(original, chunk - local));
    }

    /** Settings of a family that rotates the first {@code partial_rotary_factor} (by default a quarter) of every head. */
    static RopeConfig readPartial(ObjectFields config, int headDim, int maxPositions) {
        ObjectFields fields =
                settings(config).filter(f -> f.has("partial_rotary_factor")).orElse(config);
        double factor = fields.numberOr("partial_rotary_factor", DEFAULT_PART, 0, 1);
        if (config.numberOr("partial_rotary_factor", factor, 0, 1) != factor) {
            throw fields.unsupported("partial_rotary_factor", factor + " contradicts the value outside");
        }
        int dims = (int) (headDim * factor);
        if (dims < 2 || dims % 2 != 0) {
            throw fields.unsupported(
                    "partial_rotary_factor",
                    factor + " of head_dim " + headDim + " is " + dims + "; the rotary embedding needs pairs");
        }
        settings(config).ifPresent(RopeReader::checkSections);
        return read(config, dims, maxPositions, KNOWN_PARTIAL);
    }

    private static Optional<ObjectFields> settings(ObjectFields config) {
        return config.object("rope_parameters").or(() -> config.object("rope_scaling"));
    }

    /** How positions in pictures share the pairs; without effect on text, where all positions of a token are the same. */
    private static void checkSections(ObjectFields fields) {
        fields.flag("mrope_interleaved", false);
        JsonNode sections = fields.get("mrope_section").orElse(null);
        if (sections != null
                && !(sections.isArray() && sections.valueStream().allMatch(s -> s.isInt() && s.intValue() >= 0))) {
            throw fields.bad("mrope_section", ObjectFields.show(sections) + "; expected a list of numbers of pairs");
        }
    }

    private static RopeConfig read(ObjectFields config, int dims, int maxPositions, Set<String> known) {
        Optional<ObjectFields> parameters = config.object("rope_parameters");
        Optional<ObjectFields> older = config.object("rope_scaling");
        if (parameters.isPresent()
                && older.isPresent()
                && !parameters.get().node().equals(older.get().node())) {
            throw config.unsupported("rope_scaling", "contradicts 'rope_parameters'; keep one of them");
        }
        double theta = config.numberOr("rope_theta", DEFAULT_THETA, 1.000001, 1e15);
        Optional<ObjectFields> rope = parameters.or(() -> older);
        if (rope.isEmpty()) {
            return new RopeConfig(theta, dims, new RopeConfig.None());
        }
        ObjectFields fields = rope.get();
        for (String key : fields.node().propertyNames()) {
            if (!known.contains(key)) {
                throw fields.unsupported(key, "unknown rotary setting; results would differ from the reference");
            }
        }
        if (fields.has("rope_theta")) {
            double inner = fields.numberOr("rope_theta", theta, 1.000001, 1e15);
            if (config.has("rope_theta") && inner != theta) {
                throw fields.unsupported("rope_theta", inner + " contradicts 'rope_theta' " + theta + " beside it");
            }
            theta = inner;
        }
        return new RopeConfig(theta, dims, scaling(fields, dims, maxPositions));
    }

    private static RopeConfig.Scaling scaling(ObjectFields fields, int dims, int maxPositions) {
        Optional<String> type = fields.text("rope_type");
        Optional<String> olderType = fields.text("type");
        if (type.isPresent() && olderType.isPresent() && !type.equals(olderType)) {
            throw fields.unsupported("type", Text.quote(olderType.get()) + " contradicts 'rope_type'");
        }
        String name = type.or(() -> olderType).orElse("default");
        return switch (name) {
            case "default" -> new RopeConfig.None();
            case "linear" -> new RopeConfig.Linear(factor(fields));
            case "dynamic" -> dynamic(fields, dims, maxPositions);
            case "yarn" -> yarn(fields, maxPositions);
            default ->
                throw fields.unsupported(
                        type.isPresent() ? "rope_type" : "type",
                        Text.quote(name) + " is not supported; expected default, linear, dynamic or yarn");
        };
    }

    private static RopeConfig.DynamicNtk dynamic(ObjectFields fields, int dims, int maxPositions) {
        if (dims <= 2) {
            throw fields.unsupported("rope_type", "'dynamic' needs heads wider than 2, found " + dims);
        }
        // The reference takes L from max_position_embeddings, whatever this key says.
        int original = fields.integerOr("original_max_position_embeddings", maxPositions, 1, MAX_POSITIONS);
        if (original != maxPositions) {
            throw fields.unsupported(
                    "original_max_position_embeddings",
                    original + " differs from max_position_embeddings " + maxPositions
                            + "; the reference ignores it for 'dynamic', so remove it or make them equal");
        }
        return new RopeConfig.DynamicNtk(factor(fields), maxPositions);
    }

    private static RopeConfig.Yarn yarn(ObjectFields fields, int maxPositions) {
        int original = fields.integerOr("original_max_position_embeddings", maxPositions, 1, MAX_POSITIONS);
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
                fields.flag("truncate", true));
    }

    /** YaRN's growth of the logits: 0.1·m·ln(s) + 1 for s &gt; 1. */
    private static double yarnMagnitude(double scale, double mscale) {
        return scale <= 1 ? 1 : 0.1 * mscale * Math.log(scale) + 1;
    }

    private static double factor(ObjectFields fields) {
        return fields.requireNumber("factor", 1, MAX_FACTOR);
    }

    /** These families rotate the whole head. */
    private static void requireWhole(ObjectFields fields) {
        JsonNode partial = fields.get("partial_rotary_factor").orElse(null);
        if (partial != null && fields.requireNumber("partial_rotary_factor", 0, 1) != 1) {
            throw unsupported(fields, partial);
        }
    }

    private static IngotException unsupported(ObjectFields fields, JsonNode partial) {
        return fields.unsupported(
                "partial_rotary_factor", ObjectFields.show(partial) + " is not supported for this model type");
    }
}
