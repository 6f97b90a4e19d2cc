package ingot.formats.hf;

import java.util.OptionalInt;
import java.util.Set;

/**
 * Sampling settings a model recommends (generation_config.json), neutral where it says nothing.
 *
 * @param eosIds tokens that end a text
 * @param bosId first token of a text, if the model wants one
 * @param topK 0 keeps all
 */
public record GenerationDefaults(
        Set<Integer> eosIds,
        OptionalInt bosId,
        boolean doSample,
        double temperature,
        double topP,
        int topK,
        double repetitionPenalty) {
    public GenerationDefaults {
        eosIds = Set.copyOf(eosIds);
    }
}
