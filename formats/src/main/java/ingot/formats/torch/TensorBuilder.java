package ingot.formats.torch;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.torch.PickleValue.Dict;
import ingot.formats.torch.PickleValue.Sequence;
import ingot.formats.torch.PickleValue.Tensor;
import ingot.formats.torch.PickleValue.Tuple;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * What the few callables of a checkpoint mean: storages, tensors that view them, parameters, ordered dicts. Sources:
 * {@code torch._utils} and the save functions of {@code torch.serialization}.
 */
final class TensorBuilder {
    /** What {@code _rebuild_from_type_v2} may be given to call. */
    private static final Set<PickleGlobal> REBUILD = Set.of(
            PickleGlobal.REBUILD_TENSOR_V2,
            PickleGlobal.REBUILD_TENSOR_V3,
            PickleGlobal.REBUILD_PARAMETER,
            PickleGlobal.REBUILD_PARAMETER_WITH_STATE);

    private final Path file;
    private final StorageTable storages = new StorageTable();
    private final PickleHeap heap = new PickleHeap();

    TensorBuilder(Path file) {
        this.file = file;
    }

    /** What the pickles of the file took so far. */
    PickleHeap heap() {
        return heap;
    }

    /** Every storage referred to so far, by key. */
    SequencedMap<String, Storage> storages() {
        return storages.all();
    }

    /** The storage, or the part of one, that a persistent id speaks of. */
    PickleValue storage(PickleValue id, long at) {
        List<PickleValue> items = id instanceof Tuple tuple ? tuple.items() : List.of();
        return storages.view(new Arguments(file, at, items));
    }

    /** Applies one of the functions this class knows; no other exists. */
    PickleValue reduce(PickleValue function, PickleValue arguments, long at) {
        if (!(function instanceof PickleGlobal global)) {
            throw bad(at, "REDUCE of something that is not a function");
        }
        if (!(arguments instanceof Tuple tuple)) {
            throw bad(at, "a function called with something that is not a tuple");
        }
        Arguments args = new Arguments(file, at, tuple.items());
        return switch (global) {
            case ORDERED_DICT -> orderedDict(args);
            case REBUILD_TENSOR -> {
                args.requireCount(global, 4, 4);
                yield TensorView.tensor(args, Optional.empty());
            }
            case REBUILD_TENSOR_V2 -> {
                args.requireCount(global, 6, 7);
                args.requireEmpty(5, "backward hooks");
                if (args.count() == 7) {
                    // {'conj': True} or {'neg': True} would change the values.
                    args.requireEmpty(6, "tensor metadata");
                }
                yield TensorView.tensor(args, Optional.empty());
            }
            case REBUILD_TENSOR_V3 -> {
                args.requireCount(global, 7, 8);
                args.requireEmpty(5, "backward hooks");
                if (args.count() == 8) {
                    args.requireEmpty(7, "tensor metadata");
                }
                yield TensorView.tensor(args, Optional.of(elements(args, 6)));
            }
            case REBUILD_PARAMETER -> {
                args.requireCount(global, 3, 3);
                yield parameter(args);
            }
            case REBUILD_PARAMETER_WITH_STATE -> {
                // The fourth are Python attributes, which are dropped.
                args.requireCount(global, 4, 4);
                yield parameter(args);
            }
            case SIZE -> size(args);
            case REBUILD_FROM_TYPE_V2 -> fromType(args);
            case TENSOR,
                    PARAMETER,
                    FLOAT_STORAGE,
                    HALF_STORAGE,
                    BFLOAT16_STORAGE,
                    DOUBLE_STORAGE,
                    BYTE_STORAGE,
                    CHAR_STORAGE,
                    SHORT_STORAGE,
                    INT_STORAGE,
                    LONG_STORAGE,
                    BOOL_STORAGE,
                    UNTYPED_STORAGE,
                    FLOAT32,
                    FLOAT16,
                    BFLOAT16,
                    FLOAT64,
                    UINT8,
                    INT8,
                    INT16,
                    INT32,
                    INT64,
                    BOOL,
                    FLOAT8_E4M3FN,
                    FLOAT8_E5M2,
                    FLOAT8_E8M0FNU,
                    UINT16,
                    UINT32,
                    UINT64 -> throw bad(at, "a type is called that is only named in a state dict");
        };
    }

    private static Tensor parameter(Arguments args) {
        args.requireEmpty(2, "backward hooks");
        if (!(args.get(0) instanceof Tensor data)) {
            throw args.bad("a Parameter of something that is not a tensor");
        }
        return data;
    }

    private static DType elements(Arguments args, int index) {
        if (args.get(index) instanceof PickleGlobal global && global.elements().isPresent()) {
            return global.elements().get();
        }
        throw args.bad("a tensor whose type is not a torch.dtype");
    }

    /** {@code torch.Size((…))} is a tuple of integers. */
    private static PickleValue size(Arguments args) {
        args.requireCount(PickleGlobal.SIZE, 1, 1);
        args.sizes(0, "size");
        return args.get(0);
    }

    /** {@code (function, type, arguments, attributes)}: a tensor that carries Python attributes, which are dropped. */
    private PickleValue fromType(Arguments args) {
        args.requireCount(PickleGlobal.REBUILD_FROM_TYPE_V2, 4, 4);
        if (args.get(1) != PickleGlobal.TENSOR && args.get(1) != PickleGlobal.PARAMETER) {
            throw args.bad("a tensor of a type that is neither torch.Tensor nor Parameter");
        }
        if (!(args.get(0) instanceof PickleGlobal function) || !REBUILD.contains(function)) {
            throw args.bad("_rebuild_from_type_v2 of something that does not rebuild a tensor");
        }
        return reduce(function, args.get(2), args.at());
    }

    /** Empty, or in files of Python 2 made from a list of [key, value]. */
    private static PickleValue orderedDict(Arguments args) {
        Dict dict = new Dict(true);
        if (args.count() == 0) {
            return dict;
        }
        if (args.count() != 1 || !(args.get(0) instanceof Sequence pairs)) {
            throw args.bad("OrderedDict of something that is not a list of pairs");
        }
        for (PickleValue pair : pairs.items()) {
            List<PickleValue> items = switch (pair) {
                case Tuple tuple -> tuple.items();
                case Sequence list -> list.items();
                default -> List.of();
            };
            if (items.size() != 2 || !(items.getFirst() instanceof PickleValue.Text key)) {
                throw args.bad("OrderedDict of something that is not a list of pairs");
            }
            if (dict.items().putIfAbsent(key.value(), items.getLast()) != null) {
                throw args.bad("two entries named " + Text.quote(key.value()) + " in one dict");
            }
        }
        return dict;
    }

    private IngotException.BadData bad(long at, String reason) {
        return IngotException.BadData.at(file, at, reason);
    }
}
