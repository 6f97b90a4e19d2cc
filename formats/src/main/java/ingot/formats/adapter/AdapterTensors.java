package ingot.formats.adapter;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.io.TensorFile;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** Sorts the tensors of an adapter by the base tensor each of them changes, and checks their shapes. */
final class AdapterTensors {
    private static final String PREFIX = "base_model.model.";
    private static final String DECODER = "model.";
    private static final String EMBEDDING = "embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /** What happens to one base tensor. */
    record Edit(TensorInfo base, Optional<TensorInfo> replacement, Optional<LowRank> added) {}

    private record Pair(SequencedMap<String, TensorInfo> halves) {}

    private final TensorFile file;
    private final LoraConfig config;
    private final Map<String, TensorInfo> base;
    private final SequencedMap<String, TensorInfo> replacements = new LinkedHashMap<>();
    private final SequencedMap<String, Pair> pairs = new LinkedHashMap<>();
    private final SequencedSet<String> warnings = new LinkedHashSet<>();

    AdapterTensors(TensorFile file, LoraConfig config, Map<String, TensorInfo> base) {
        this.file = file;
        this.config = config;
        this.base = base;
    }

    /** By the name of the base tensor. */
    SequencedMap<String, Edit> edits() {
        file.tensors().values().forEach(this::sort);
        SequencedMap<String, Edit> edits = new LinkedHashMap<>();
        replacements.forEach((name, tensor) -> {
            TensorInfo old = base(name, tensor);
            if (!old.shape().equals(tensor.shape())) {
                throw mismatch(
                        tensor,
                        "shape " + tensor.shape() + " cannot replace " + Text.quote(old.name()) + " " + old.shape());
            }
            edits.put(old.name(), new Edit(old, Optional.of(tensor), Optional.empty()));
        });
        pairs.forEach((module, pair) -> {
            TensorInfo old =
                    base(module + ".weight", pair.halves().sequencedValues().getFirst());
            LowRank added = lowRank(module, pair, old);
            if (old.shape().rank() != 2
                    || old.shape().dim(0) != added.rows()
                    || old.shape().dim(1) != added.cols()) {
                throw mismatch(
                        added.a(),
                        "with its lora_B makes [" + added.rows() + ", " + added.cols() + "], but "
                                + Text.quote(old.name()) + " is " + old.shape());
            }
            Edit before = edits.get(old.name());
            edits.put(
                    old.name(),
                    new Edit(old, before == null ? Optional.empty() : before.replacement(), Optional.of(added)));
        });
        if (edits.isEmpty()) {
            throw IngotException.ConfigMismatch.in(file.path(), "no tensor in it; nothing to merge");
        }
        if (config.fanInFanOut()) {
            warnings.add(
                    "adapter: fan_in_fan_out is ignored where weights are [out, in], which is how Qwen stores them,"
                            + " as PEFT does");
        }
        edits.keySet().stream()
                .filter(n -> n.endsWith(EMBEDDING) && isTied())
                .forEach(n -> warnings.add("adapter: " + Text.quote(n)
                        + " is the output head as well, so both change, as when PEFT merges;"
                        + " not merged, PEFT leaves the head as it was"));
        return edits;
    }

    /** What may not be as its maker meant it. */
    List<String> warnings() {
        return List.copyOf(warnings);
    }

    private boolean isTied() {
        return base.keySet().stream().noneMatch(name -> name.endsWith(HEAD));
    }

    private void sort(TensorInfo tensor) {
        String name = tensor.name();
        if (!name.startsWith(PREFIX)) {
            throw mismatch(tensor, "expected a name that begins with " + PREFIX);
        }
        if (!tensor.dtype().floating()) {
            throw mismatch(tensor, "type " + tensor.dtype().label() + "; expected floating point");
        }
        String inner = name.substring(PREFIX.length());
        for (String half : new String[] {"lora_embedding_A", "lora_embedding_B", "lora_A", "lora_B"}) {
            int at = inner.indexOf("." + half);
            String rest = at < 0 ? "" : inner.substring(at + 1 + half.length());
            if (at > 0 && (half.contains("embedding") ? isAdapterName(rest) : isWeight(rest))) {
                put(inner.substring(0, at), half, tensor);
                return;
            }
        }
        if (inner.contains("lora_")) {
            String what = inner.contains("lora_magnitude_vector") ? "DoRA is not supported" : "an unknown part of LoRA";
            throw mismatch(tensor, what + "; merge the adapter with PEFT and convert the result");
        }
        String target = inner.replace("modules_to_save.default.", "")
                .replace("modules_to_save.", "")
                .replace("base_layer.", "");
        if (replacements.put(target, tensor) != null) {
            throw mismatch(tensor, "a second tensor for " + Text.quote(target));
        }
    }

    /** Nothing, or the one segment that some tools leave in: {@code .default}. */
    private static boolean isAdapterName(String rest) {
        return rest.isEmpty() || (rest.startsWith(".") && rest.indexOf('.', 1) < 0 && rest.length() > 1);
    }

    private static boolean isWeight(String rest) {
        return rest.endsWith(".weight") && isAdapterName(rest.substring(0, rest.length() - ".weight".length()));
    }

    private void put(String module, String half, TensorInfo tensor) {
        if (tensor.shape().rank() != 2 || tensor.shape().count() == 0) {
            throw mismatch(tensor, "shape " + tensor.shape() + "; expected a matrix with at least one element");
        }
        SequencedMap<String, TensorInfo> halves = pairs.computeIfAbsent(module, m -> new Pair(new LinkedHashMap<>()))
                .halves();
        if (halves.put(half, tensor) != null) {
            throw mismatch(tensor, "a second " + half + " for " + Text.quote(module));
        }
    }

    private LowRank lowRank(String module, Pair pair, TensorInfo old) {
        boolean embedding = pair.halves().keySet().stream().anyMatch(h -> h.contains("embedding"));
        TensorInfo some = pair.halves().values().iterator().next();
        TensorInfo a = pair.halves().get(embedding ? "lora_embedding_A" : "lora_A");
        TensorInfo b = pair.halves().get(embedding ? "lora_embedding_B" : "lora_B");
        if (a == null || b == null || pair.halves().size() != 2) {
            throw mismatch(some, "expected exactly one A and one B for " + Text.quote(module));
        }
        int rank = config.rank(module);
        if (a.shape().dim(0) != rank || b.shape().dim(1) != rank) {
            throw mismatch(
                    a,
                    "A " + a.shape() + " and B " + b.shape() + "; adapter_config.json says rank " + rank
                            + ", which asks for [" + rank + ", in] and [out, " + rank + "]");
        }
        return new LowRank(file, a, b, config.scaling(module), embedding || isTurned(old, a, b));
    }

    /**
     * Whether a base is stored as [in, out]. {@code nn.Linear} never is, whatever the setting says: PEFT resets it with a
     * warning. Only shapes that fit no other way are believed.
     */
    private boolean isTurned(TensorInfo old, TensorInfo a, TensorInfo b) {
        long in = a.shape().dim(1);
        long out = b.shape().dim(0);
        return config.fanInFanOut() && in != out && old.shape().equals(new Shape(in, out));
    }

    /** The base tensor of a name, whether or not either side has the prefix of the decoder. */
    private TensorInfo base(String name, TensorInfo of) {
        TensorInfo found = base.get(name);
        if (found == null) {
            found = name.startsWith(DECODER) ? base.get(name.substring(DECODER.length())) : base.get(DECODER + name);
        }
        if (found == null && name.endsWith(HEAD) && isTied()) {
            throw mismatch(
                    of,
                    "the base has no output head of its own, its embedding serves as one; merge the adapter with PEFT,"
                            + " save it with tie_word_embeddings false and convert the result");
        }
        if (found == null) {
            throw mismatch(
                    of, "the base model has no tensor " + Text.quote(name) + "; is it an adapter of another model?");
        }
        DType type = found.dtype();
        if (!type.floating()) {
            throw mismatch(of, Text.quote(name) + " of the base is " + type.label() + "; expected floating point");
        }
        return found;
    }

    private static IngotException.ConfigMismatch mismatch(TensorInfo tensor, String reason) {
        return IngotException.ConfigMismatch.in(tensor.file(), "tensor " + Text.quote(tensor.name()) + ": " + reason);
    }
}
