package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.TensorNames;
import ingot.formats.Text;
import ingot.formats.torch.PickleValue.Dict;
import ingot.formats.torch.PickleValue.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Finds the tensors in what a pickle holds. */
final class StateDict {
    /** What training frameworks call the dict of the model's tensors inside a checkpoint. */
    private static final List<String> WRAPPERS = List.of("state_dict", "model", "module");

    /** Levels of wrapping; two are common. */
    private static final int MAX_WRAPPERS = 4;

    /** What {@code DataParallel} puts before every name. */
    private static final String PREFIX = "module.";

    private StateDict() {}

    /**
     * The tensors by name: the dict itself, or the one under {@code state_dict}, {@code model} or {@code module}. Entries
     * that are no tensors (an epoch, a version) are left out; a {@code module.} that every name begins with is removed.
     */
    static SequencedMap<String, Tensor> tensors(PickleValue root, Path file) {
        Dict dict = dict(root, file);
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        dict.items().forEach((name, value) -> {
            switch (value) {
                case Tensor tensor -> {
                    TensorNames.require(name, file);
                    tensors.put(name, tensor);
                }
                case Dict nested
                when holdsTensor(nested) ->
                    throw IngotException.BadData.in(
                            file,
                            "dict " + Text.quote(name) + " holds tensors of its own; only 'state_dict', 'model' and"
                                    + " 'module' are looked into: save the state dict alone");
                default -> {
                    // An epoch, a learning rate, a version: nothing that is converted.
                }
            }
        });
        if (tensors.isEmpty()) {
            throw IngotException.BadData.in(file, "the pickle holds no tensors; expected a state dict");
        }
        return withoutPrefix(tensors, file);
    }

    private static Dict dict(PickleValue root, Path file) {
        PickleValue at = root;
        for (int i = 0; i <= MAX_WRAPPERS && at instanceof Dict dict; i++) {
            PickleValue inner = WRAPPERS.stream()
                    .map(dict.items()::get)
                    .filter(Dict.class::isInstance)
                    .findFirst()
                    .orElse(null);
            if (inner == null) {
                return dict;
            }
            at = inner;
        }
        throw IngotException.BadData.in(
                file,
                at instanceof Tensor
                        ? "a single tensor, not a state dict"
                        : "the pickle holds no dict of tensors; expected a state dict");
    }

    private static boolean holdsTensor(Dict dict) {
        return dict.items().values().stream().anyMatch(Tensor.class::isInstance);
    }

    private static SequencedMap<String, Tensor> withoutPrefix(SequencedMap<String, Tensor> tensors, Path file) {
        if (!tensors.keySet().stream().allMatch(n -> n.startsWith(PREFIX))) {
            return tensors;
        }
        SequencedMap<String, Tensor> stripped = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            String rest = name.substring(PREFIX.length());
            TensorNames.require(rest, file);
            stripped.put(rest, tensor);
        });
        return stripped;
    }
}
