package ingot.quant;

import ingot.formats.json.Json;
import ingot.quant.calibration.LayerExperts;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a conversion was calibrated on, and what that reached.
 *
 * @param set the data: name, hashes, sequences, tokens, length, seed
 * @param tokens of all sequences
 * @param experts tokens that each expert got, of the layers that have experts and were calibrated
 */
public record CalibrationResult(ObjectNode set, int tokens, List<LayerExperts> experts) {
    public CalibrationResult {
        experts = List.copyOf(experts);
    }

    /** Experts that got fewer tokens were rounded to nearest. */
    public int leastTokens() {
        return LayerExperts.least(tokens);
    }

    /** For the provenance of a file. */
    ObjectNode toJson() {
        ObjectNode node = set.deepCopy();
        if (!experts.isEmpty()) {
            var layers = node.putArray("experts");
            for (LayerExperts layer : experts) {
                var counts = Json.array();
                layer.tokens().forEach(counts::add);
                layers.addObject().put("layer", layer.layer()).set("tokens", counts);
            }
        }
        return node;
    }
}
