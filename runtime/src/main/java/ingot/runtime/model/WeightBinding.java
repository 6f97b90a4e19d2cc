package ingot.runtime.model;

import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.hf.ModelConfig;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;

/** Which stored tensor is which weight of a {@link ModelGraph}; refuses what contradicts the configuration. */
public final class WeightBinding {
    /** A longer bias than this is no model's. */
    private static final long MAX_BIAS = 1 << 24;

    private WeightBinding() {}

    /**
     * Finds every weight under the names of the checkpoint ({@link StoredNames}): with, without or under another prefix.
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
        StoredNames names = StoredNames.of(ModelNames.of(graph.config()), tensors.keySet());
        SequencedMap<WeightSpec, TensorInfo> bound = new LinkedHashMap<>();
        Set<String> used = new HashSet<>();
        String missing = null;
        int missingCount = 0;
        for (WeightSpec spec : graph.weights()) {
            String stored = names.find(spec.name(), tensors.keySet());
            TensorInfo tensor = stored == null ? null : tensors.get(stored);
            if (tensor == null) {
                missing = missing == null ? describeMissing(spec, names.names()) : missing;
                missingCount++;
                continue;
            }
            check(spec, tensor);
            bound.put(spec, tensor);
            used.add(tensor.name());
        }
        if (missing != null) {
            boolean isMlx = tensors.keySet().stream().anyMatch(name -> name.contains(".switch_mlp."));
            throw IngotException.ConfigMismatch.in(
                    origin,
                    missing
                            + (missingCount == 1 ? "" : " (and " + (missingCount - 1) + " more)")
                            + (isMlx
                                    ? "; experts named 'switch_mlp' are MLX's, which is not supported: use the original"
                                            + " checkpoint"
                                    : ""));
        }
        leftOver(graph, names, tensors, used, isIdle).ifPresent(t -> {
            throw IngotException.ConfigMismatch.in(
                    t.file(),
                    "tensor " + Text.quote(t.name()) + " " + t.shape() + " has no place in the "
                            + graph.config().architecture() + " of "
                            + graph.config().layers()
                            + " layers that config.json describes");
        });
        return Collections.unmodifiableSequencedMap(bound);
    }

    private static String describeMissing(WeightSpec spec, ModelNames names) {
        String untied = spec.name().equals(names.head()) ? " and tie_word_embeddings is false" : "";
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
            ModelGraph graph,
            StoredNames names,
            Map<String, TensorInfo> tensors,
            Set<String> used,
            Predicate<TensorInfo> isIdle) {
        return tensors.values().stream()
                .filter(t -> !used.contains(t.name()))
                .filter(t -> t.shape().rank() > 0 && t.shape().count() > 0)
                .filter(t -> belongsToDecoder(t.name(), graph.config(), names))
                .filter(t -> !isIdle.test(t))
                .findFirst();
    }

    /**
     * Says which modules outside the decoder have tensors the model has no use for, such as a vision tower.
     *
     * @return one line per module
     */
    public static List<String> skipped(ModelGraph graph, Map<String, TensorInfo> tensors) {
        StoredNames stored = StoredNames.of(ModelNames.of(graph.config()), tensors.keySet());
        ModelNames names = stored.names();
        SequencedMap<String, Integer> modules = new LinkedHashMap<>();
        for (TensorInfo tensor : tensors.values()) {
            if (tensor.name().equals(stored.head())) {
                continue;
            }
            String bare = stored.bare(tensor.name());
            int dot = bare.indexOf('.', bare.startsWith("model.") ? "model.".length() : 0);
            String module = dot < 0 ? bare : bare.substring(0, dot);
            if (!names.modules().contains(module) && !module.equals("lm_head") && !module.equals("rotary_emb")) {
                modules.merge(
                        tensor.name().startsWith(names.prefix()) ? names.prefix() + module : module, 1, Integer::sum);
            }
        }
        return modules.entrySet().stream()
                .map(m -> "skipped " + m.getValue() + (m.getValue() == 1 ? " tensor" : " tensors") + " of "
                        + Text.quote(m.getKey()) + ", which is not part of the text model")
                .toList();
    }

    private static boolean belongsToDecoder(String stored, ModelConfig config, StoredNames names) {
        String name = names.bare(stored);
        if (name.endsWith("rotary_emb.inv_freq")) {
            return false;
        }
        if (stored.equals(names.head())) {
            return !config.tiedEmbeddings();
        }
        // An expert of width 0 adds 0, whatever its gate says.
        boolean idleGate = name.endsWith(".mlp.shared_expert_gate.weight")
                && config.moe().isPresent()
                && config.moe().get().sharedInner() == 0;
        String module = name.substring(0, Math.max(0, name.indexOf('.')));
        return module.equals("lm_head") || (names.names().modules().contains(module) && !idleGate);
    }
}
