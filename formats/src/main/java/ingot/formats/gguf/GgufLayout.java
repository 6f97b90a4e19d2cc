package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Which published tensors go into which stored ones: most become one under another name, the matrices of all experts of a
 * layer become one [experts, outputs, inputs].
 */
public final class GgufLayout {
    private final SequencedMap<String, List<Source>> members = new LinkedHashMap<>();

    /**
     * A published tensor.
     *
     * @param index its place in the list given to {@link #of}
     */
    public record Source(String name, Shape shape, int index) {}

    /**
     * A tensor to be stored.
     *
     * @param name llama.cpp's name
     * @param shape outermost dimension first
     * @param members the published tensors in it, one after the other
     */
    public record Stored(String name, Shape shape, List<Source> members) {
        /** Weights in front of a member. */
        public long firstWeight(int member) {
            return member * members.getFirst().shape().count();
        }
    }

    private GgufLayout() {}

    /**
     * The stored tensors of a model, in the order of their first members.
     *
     * @param published with the names of {@code Qwen2ForCausalLM} and its successors
     * @throws IngotException.ConfigMismatch for a tensor that llama.cpp has no name for, or experts of different shapes
     */
    public static List<Stored> of(List<Source> published) {
        GgufLayout layout = new GgufLayout();
        published.forEach(layout::add);
        List<Stored> stored = new ArrayList<>();
        for (Map.Entry<String, List<Source>> entry : layout.members.entrySet()) {
            stored.add(stored(entry.getKey(), entry.getValue()));
        }
        return stored;
    }

    private void add(Source tensor) {
        TensorNames.Stored stored = TensorNames.stored(tensor.name())
                .orElseThrow(() -> new IngotException.ConfigMismatch(
                        "tensor " + Text.quote(tensor.name()) + " has no name in llama.cpp's architectures"));
        List<Source> list = members.computeIfAbsent(stored.stored(), name -> new ArrayList<>());
        if (Math.max(0, stored.expert()) != list.size()) {
            throw new IngotException.ConfigMismatch(
                    "tensor " + Text.quote(tensor.name()) + " is out of order among the experts of its layer");
        }
        list.add(tensor);
    }

    private static Stored stored(String name, List<Source> members) {
        Shape shape = members.getFirst().shape();
        if (!members.stream().allMatch(m -> m.shape().equals(shape))) {
            throw new IngotException.ConfigMismatch("the experts in " + name + " have different shapes");
        }
        if (name.endsWith("_exps.weight")) {
            return new Stored(name, new Shape(members.size(), shape.dim(0), shape.dim(1)), List.copyOf(members));
        }
        // ggml drops outer dimensions of 1: the gate of a shared expert is a vector there.
        boolean vector = shape.rank() == 2 && shape.dim(0) == 1;
        return new Stored(name, vector ? new Shape(shape.dim(1)) : shape, List.copyOf(members));
    }
}
