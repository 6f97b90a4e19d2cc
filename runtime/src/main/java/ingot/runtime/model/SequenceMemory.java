package ingot.runtime.model;

import ingot.formats.hf.DeltaNetConfig;
import ingot.formats.hf.ModelConfig;
import ingot.formats.hf.RopeConfig;
import ingot.runtime.kv.DeltaState;
import ingot.runtime.kv.KvCache;
import ingot.runtime.kv.KvType;
import ingot.runtime.kv.LayerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a model remembers of one sequence: keys and values or a recurrent state per layer, and by which frequencies it is
 * rotated. Everything else a {@link Decoder} computes with belongs to no sequence. For one decoder at a time.
 */
public final class SequenceMemory {
    private final int firstLayer;
    private final List<LayerState> layers;
    private final float[] frequencies;

    private SequenceMemory(RopeConfig rope, int firstLayer, List<LayerState> layers) {
        this.firstLayer = firstLayer;
        this.layers = List.copyOf(layers);
        this.frequencies = RotaryFrequencies.initial(rope);
    }

    /** An empty memory for all layers of a model. */
    public static SequenceMemory of(ModelConfig config, KvType kvType) {
        List<LayerState> layers = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            layers.add(state(config, layer, kvType));
        }
        return new SequenceMemory(config.rope(), 0, layers);
    }

    /** An empty memory for one layer alone. */
    static SequenceMemory ofLayer(ModelConfig config, int layer, KvType kvType) {
        return new SequenceMemory(config.rope(), layer, List.of(state(config, layer, kvType)));
    }

    private static LayerState state(ModelConfig config, int layer, KvType kvType) {
        var attention = config.attention();
        Optional<DeltaNetConfig> linear = attention.linear(layer);
        if (linear.isEmpty()) {
            return new KvCache(kvType, attention.kvHeads(), attention.headDim());
        }
        DeltaNetConfig delta = linear.get();
        return new DeltaState(new DeltaState.Dims(
                delta.valueHeads(), delta.keyDim(), delta.valueDim(), delta.kernel() - 1, delta.channels()));
    }

    /** Of a layer with softmax attention. */
    KvCache cache(int layer) {
        return (KvCache) layers.get(layer - firstLayer);
    }

    /** Of a layer with a gated DeltaNet. */
    DeltaState recurrent(int layer) {
        return (DeltaState) layers.get(layer - firstLayer);
    }

    /** Angle per position of every pair, set anew by calls that change it. */
    float[] frequencies() {
        return frequencies;
    }

    /** Bytes of memory that remembering {@code positions} takes in all. */
    public long bytes(int positions) {
        long bytes = 0;
        for (int i = 0; i < layers.size(); i++) {
            bytes += layers.get(i).bytes(positions);
        }
        return bytes;
    }

    /** A call begins: its first position stays one to {@link #rewind} to. */
    public void mark() {
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).mark();
        }
    }

    /**
     * Forgets the positions from {@code length} on, and more where a layer cannot stop there (a recurrent state has
     * overwritten its past).
     *
     * @return positions remembered now, at most {@code length}
     */
    public int rewind(int length) {
        int kept = length;
        for (LayerState layer : layers) {
            kept = Math.min(kept, layer.restorable(kept));
        }
        for (LayerState layer : layers) {
            layer.truncate(kept);
        }
        return kept;
    }
}
