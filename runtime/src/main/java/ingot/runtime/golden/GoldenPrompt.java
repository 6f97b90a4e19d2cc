package ingot.runtime.golden;

import ingot.formats.TensorInfo;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * One prompt of a golden file.
 *
 * @param inputIds at least one token
 * @param logits F32 [tokens, vocabulary]
 * @param greedyIds continuation with everything recomputed at each step; empty when not recorded
 * @param greedyIdsCached continuation with the reference's own cache; empty when not recorded
 * @param hidden F32 [tokens, hidden] by name: {@code embed}, {@code layer.0} …, {@code final_norm}; empty when not
 *     recorded
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out; prompts are never compared
public record GoldenPrompt(
        int index,
        int[] inputIds,
        TensorInfo logits,
        int[] greedyIds,
        int[] greedyIdsCached,
        SequencedMap<String, TensorInfo> hidden) {
    public GoldenPrompt {
        inputIds = inputIds.clone();
        greedyIds = greedyIds.clone();
        greedyIdsCached = greedyIdsCached.clone();
        hidden = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(hidden));
    }

    /** Number of tokens. */
    public int length() {
        return inputIds.length;
    }

    @Override
    public int[] inputIds() {
        return inputIds.clone();
    }

    @Override
    public int[] greedyIds() {
        return greedyIds.clone();
    }

    @Override
    public int[] greedyIdsCached() {
        return greedyIdsCached.clone();
    }
}
