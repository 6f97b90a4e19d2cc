package ingot.runtime.model;

import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Which stored tensor is which weight of a {@link ModelGraph}; refuses what contradicts the configuration. */
public final class WeightBinding {
    /** A longer bias than this is no model's. */
    private static final long MAX_BIAS = 1 << 24;

    private WeightBinding() {}

    /**
     * Finds every weight, with or without the prefix {@code model.} that checkpoints of the bare decoder lack.
     *
     * <p>Tensors the model has no use for are ignored when they cannot matter: rotary tables, rank 0, empty, an output head
     * beside tied embeddings, anything outside the decoder. Others inside it mean that config.json describes another model.
     *
     * @return every weight of the graph in its order
     * @throws IngotException.ConfigMismatch when a weight is missing, has another shape or is no floating-point tensor, or
     *     when a decoder tensor is left over
     */
    public static SequencedMap<WeightSpec, TensorInfo> bind(
            ModelGraph graph, Map<String, TensorInfo> tensors, Path origin) {
        return bind(graph, tensors, origin, tensor -> false);
    }

    /**
     * As {@link #bind(ModelGraph, Map, Path)}, but a bias of zeros that the model has no use for is ignored too: GPTQ tools
     * write one for every layer.
     */
    public static SequencedMap<WeightSpec, TensorInfo> bind(ModelGraph graph, TensorSource source, Path origin) {
        return bind(graph, source.tensors(), origin, tensor -> isZeroBias(tensor, source));
    }

    private static SequencedMap<WeightSpec, TensorInfo> bind(
            ModelGraph graph, Map<String, TensorInfo> tensors, Path origin, Predicate<TensorInfo> isIdle) {
        SequencedMap<WeightSpec, TensorInfo> bound = new LinkedHashMap<>();
        Set<String> used = new HashSet<>();
        String missing = null;
        int missingCount = 0;
        for (WeightSpec spec : graph.weights()) {
            TensorInfo tensor = find(spec.name(), tensors);
            if (tensor == null) {
                missing = missing == null ? describeMissing(spec) : missing;
                missingCount++;
                continue;
            }
            check(spec, tensor);
            bound.put(spec, tensor);
            used.add(tensor.name());
        }
        if (missing != null) {
            throw IngotException.ConfigMismatch.in(
                    origin, missing + (missingCount == 1 ? "" : " (and " + (missingCount - 1) + " more)"));
        }
        leftOver(graph, tensors, used, isIdle).ifPresent(t -> {
            throw IngotException.ConfigMismatch.in(
                    t.file(),
                    "tensor " + Text.quote(t.name()) + " " + t.shape() + " has no place in the "
                            + graph.config().architecture() + " of "
                            + graph.config().layers()
                            + " layers that config.json describes");
        });
        return Collections.unmodifiableSequencedMap(bound);
    }

    private static @Nullable TensorInfo find(String name, Map<String, TensorInfo> tensors) {
        TensorInfo exact = tensors.get(name);
        return exact != null || !name.startsWith(DenseNames.PREFIX)
                ? exact
                : tensors.get(name.substring(DenseNames.PREFIX.length()));
    }

    private static String describeMissing(WeightSpec spec) {
        String untied = spec.name().equals(DenseNames.HEAD) ? " and tie_word_embeddings is false" : "";
        return "tensor " + Text.quote(spec.name()) + " is missing" + untied + "; expected shape " + spec.shape();
    }

    private static void check(WeightSpec spec, TensorInfo tensor) {
        if (!tensor.shape().equals(spec.shape())) {
            throw mismatch(
                    tensor, "shape " + tensor.shape() + " contradicts config.json, which asks for " + spec.shape());
        }
        if (!tensor.dtype().floating()) {
            throw mismatch(tensor, "type " + tensor.dtype().label() + "; expected floating point");
        }
    }

    private static IngotException.ConfigMismatch mismatch(TensorInfo tensor, String reason) {
        return IngotException.ConfigMismatch.in(tensor.file(), "tensor " + Text.quote(tensor.name()) + ": " + reason);
    }

    private static boolean isZeroBias(TensorInfo tensor, TensorSource source) {
        if (!tensor.name().endsWith(".bias")
                || tensor.shape().rank() != 1
                || !tensor.dtype().floating()
                || tensor.bytes() > MAX_BIAS) {
            return false;
        }
        int n = (int) tensor.shape().count();
        float[] values = new float[n];
        MemorySegment bytes = MemorySegment.ofArray(new byte[(int) tensor.bytes()]);
        source.read(tensor, 0, bytes);
        Numbers.toF32(tensor.dtype(), bytes, 0, values, 0, n);
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static Optional<TensorInfo> leftOver(
            ModelGraph graph, Map<String, TensorInfo> tensors, Set<String> used, Predicate<TensorInfo> isIdle) {
        return tensors.values().stream()
                .filter(t -> !used.contains(t.name()))
                .filter(t -> t.shape().rank() > 0 && t.shape().count() > 0)
                .filter(t -> belongsToDecoder(t.name(), graph))
                .filter(t -> !isIdle.test(t))
                .findFirst();
    }

    private static boolean belongsToDecoder(String stored, ModelGraph graph) {
        String name = stored.startsWith(DenseNames.PREFIX) ? stored.substring(DenseNames.PREFIX.length()) : stored;
        if (name.endsWith("rotary_emb.inv_freq")) {
            return false;
        }
        return switch (name.substring(0, Math.max(0, name.indexOf('.')))) {
            case "layers", "embed_tokens", "norm" -> true;
            case "lm_head" -> !(graph.config().tiedEmbeddings() && stored.equals(DenseNames.HEAD));
            default -> false;
        };
    }
}
