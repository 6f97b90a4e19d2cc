package ingot.formats.torch;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.Text;
import ingot.formats.torch.PickleValue.Constant;
import ingot.formats.torch.PickleValue.Dict;
import ingot.formats.torch.PickleValue.Sequence;
import ingot.formats.torch.PickleValue.StorageView;
import ingot.formats.torch.PickleValue.Tensor;
import ingot.formats.torch.PickleValue.Tuple;
import ingot.formats.torch.PickleValue.Whole;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * What the few callables of a checkpoint mean: storages, tensors that view them, parameters, ordered dicts. Sources:
 * {@code torch._utils} and the save functions of {@code torch.serialization}.
 */
final class TensorBuilder {
    /** As in safetensors files; no published weight has more than four dimensions. */
    private static final int MAX_RANK = 16;

    /** What {@code _rebuild_from_type_v2} may be given to call. */
    private static final Set<PickleGlobal> REBUILD = Set.of(
            PickleGlobal.REBUILD_TENSOR_V2,
            PickleGlobal.REBUILD_TENSOR_V3,
            PickleGlobal.REBUILD_PARAMETER,
            PickleGlobal.REBUILD_PARAMETER_WITH_STATE);

    private final Path file;
    private final SequencedMap<String, Storage> storages = new LinkedHashMap<>();
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
        return Collections.unmodifiableSequencedMap(storages);
    }

    /**
     * A persistent id: {@code ('storage', type, key, location, numel)}, and in legacy files a sixth item, None or
     * {@code (view key, offset, size)}.
     */
    PickleValue storage(PickleValue id, long at) {
        if (!(id instanceof Tuple t)
                || t.items().size() < 5
                || t.items().size() > 6
                || !(t.items().get(0) instanceof PickleValue.Text tag)
                || !tag.value().equals("storage")) {
            throw bad(at, "a persistent id that is not ('storage', type, key, location, numel)");
        }
        List<PickleValue> items = t.items();
        if (!(items.get(1) instanceof PickleGlobal type) || type.ofStorage().isEmpty()) {
            throw bad(at, "a storage without a storage type");
        }
        if (!(items.get(2) instanceof PickleValue.Text key) || !(items.get(3) instanceof PickleValue.Text)) {
            throw bad(at, "a storage whose key or location is not a string");
        }
        Storage storage = intern(key.value(), type.ofStorage().get(), size(items.get(4), "numel", at), at);
        if (items.size() == 5 || items.get(5) == Constant.NONE) {
            return new StorageView(storage, 0, storage.numel());
        }
        if (!(items.get(5) instanceof Tuple view)
                || view.items().size() != 3
                || !(view.items().get(0) instanceof PickleValue.Text)) {
            throw bad(at, "view metadata of a storage that are not (key, offset, size)");
        }
        long offset = size(view.items().get(1), "view offset", at);
        long length = size(view.items().get(2), "view size", at);
        if (offset > storage.numel() || length > storage.numel() - offset) {
            throw bad(
                    at,
                    "a view of elements " + offset + " to " + offset + "+" + length + " of a storage of "
                            + storage.numel());
        }
        return new StorageView(storage, offset, length);
    }

    private Storage intern(String key, DType dtype, long numel, long at) {
        long bytes;
        try {
            bytes = Math.multiplyExact(numel, (long) dtype.bytes());
        } catch (ArithmeticException e) {
            throw bad(at, "numel × bytes of storage " + Text.quote(key) + " overflows 64 bits");
        }
        Storage storage = new Storage(key, dtype, numel, bytes);
        Storage twin = storages.putIfAbsent(key, storage);
        if (twin != null && !twin.equals(storage)) {
            throw bad(
                    at,
                    "storage " + Text.quote(key) + " is " + numel + " × " + dtype.label() + " here and " + twin.numel()
                            + " × " + twin.dtype().label() + " before");
        }
        return storage;
    }

    /** Applies one of the functions this class knows; no other exists. */
    PickleValue reduce(PickleValue function, PickleValue arguments, long at) {
        if (!(function instanceof PickleGlobal global)) {
            throw bad(at, "REDUCE of something that is not a function");
        }
        if (!(arguments instanceof Tuple tuple)) {
            throw bad(at, "a function called with something that is not a tuple");
        }
        List<PickleValue> args = tuple.items();
        return switch (global) {
            case ORDERED_DICT -> orderedDict(args, at);
            case REBUILD_TENSOR -> {
                requireCount(global, args, 4, 4, at);
                yield tensor(args, Optional.empty(), at);
            }
            case REBUILD_TENSOR_V2 -> {
                requireCount(global, args, 6, 7, at);
                requireEmpty(args.get(5), "backward hooks", at);
                if (args.size() == 7) {
                    // {'conj': True} or {'neg': True} would change the values.
                    requireEmpty(args.get(6), "tensor metadata", at);
                }
                yield tensor(args, Optional.empty(), at);
            }
            case REBUILD_TENSOR_V3 -> {
                requireCount(global, args, 7, 8, at);
                requireEmpty(args.get(5), "backward hooks", at);
                if (args.size() == 8) {
                    requireEmpty(args.get(7), "tensor metadata", at);
                }
                yield tensor(args, Optional.of(elements(args.get(6), at)), at);
            }
            case REBUILD_PARAMETER -> {
                requireCount(global, args, 3, 3, at);
                yield parameter(args, at);
            }
            case REBUILD_PARAMETER_WITH_STATE -> {
                // The fourth are Python attributes, which are dropped.
                requireCount(global, args, 4, 4, at);
                yield parameter(args, at);
            }
            case SIZE -> size(args, at);
            case REBUILD_FROM_TYPE_V2 -> fromType(args, at);
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

    private Tensor parameter(List<PickleValue> args, long at) {
        requireEmpty(args.get(2), "backward hooks", at);
        if (!(args.getFirst() instanceof Tensor data)) {
            throw bad(at, "a Parameter of something that is not a tensor");
        }
        return data;
    }

    private DType elements(PickleValue value, long at) {
        if (value instanceof PickleGlobal global && global.elements().isPresent()) {
            return global.elements().get();
        }
        throw bad(at, "a tensor whose type is not a torch.dtype");
    }

    /** {@code torch.Size((…))} is a tuple of integers. */
    private PickleValue size(List<PickleValue> args, long at) {
        requireCount(PickleGlobal.SIZE, args, 1, 1, at);
        sizes(args.getFirst(), "size", at);
        return args.getFirst();
    }

    /** {@code (function, type, arguments, attributes)}: a tensor that carries Python attributes, which are dropped. */
    private PickleValue fromType(List<PickleValue> args, long at) {
        requireCount(PickleGlobal.REBUILD_FROM_TYPE_V2, args, 4, 4, at);
        if (args.get(1) != PickleGlobal.TENSOR && args.get(1) != PickleGlobal.PARAMETER) {
            throw bad(at, "a tensor of a type that is neither torch.Tensor nor Parameter");
        }
        if (!(args.get(0) instanceof PickleGlobal function) || !REBUILD.contains(function)) {
            throw bad(at, "_rebuild_from_type_v2 of something that does not rebuild a tensor");
        }
        return reduce(args.get(0), args.get(2), at);
    }

    /** Empty, or in files of Python 2 made from a list of [key, value]. */
    private PickleValue orderedDict(List<PickleValue> args, long at) {
        Dict dict = new Dict(true);
        if (args.isEmpty()) {
            return dict;
        }
        if (args.size() != 1 || !(args.getFirst() instanceof Sequence pairs)) {
            throw bad(at, "OrderedDict of something that is not a list of pairs");
        }
        for (PickleValue pair : pairs.items()) {
            List<PickleValue> items = switch (pair) {
                case Tuple tuple -> tuple.items();
                case Sequence list -> list.items();
                default -> List.of();
            };
            if (items.size() != 2 || !(items.getFirst() instanceof PickleValue.Text key)) {
                throw bad(at, "OrderedDict of something that is not a list of pairs");
            }
            if (dict.items().putIfAbsent(key.value(), items.getLast()) != null) {
                throw bad(at, "two entries named " + Text.quote(key.value()) + " in one dict");
            }
        }
        return dict;
    }

    /**
     * {@code (storage, offset, size, stride, …)}.
     *
     * @param stated the element type where the tensor states it: then the storage counts bytes
     */
    private Tensor tensor(List<PickleValue> args, Optional<DType> stated, long at) {
        if (!(args.get(0) instanceof StorageView view)) {
            throw bad(at, "a tensor of something that is not a storage");
        }
        if (stated.isPresent() && view.storage().dtype() != DType.U8) {
            throw bad(at, "a tensor that states its type over a storage that has one");
        }
        long offset = size(args.get(1), "storage offset", at);
        long[] dims = sizes(args.get(2), "size", at);
        long[] strides = sizes(args.get(3), "stride", at);
        if (dims.length != strides.length) {
            throw bad(at, dims.length + " dimensions and " + strides.length + " strides");
        }
        DType dtype = stated.orElse(view.storage().dtype());
        int width = stated.isPresent() ? dtype.bytes() : 1;
        if (view.offset() % width != 0) {
            throw bad(at, "a view that begins inside an element");
        }
        Elements elements = new Elements(view.storage(), dtype, view.offset() / width, view.length() / width);
        try {
            return inside(elements, offset, new Shape(dims), strides, at);
        } catch (ArithmeticException e) {
            throw bad(at, "shape or strides overflow 64 bits");
        }
    }

    /**
     * The part of a storage that a tensor may view, counted in elements of the tensor's type.
     *
     * @param offset from the start of the storage
     */
    private record Elements(Storage storage, DType dtype, long offset, long length) {}

    /**
     * Requires {@code offset + Σ (size − 1)·stride < length}, and that no element is seen twice: a view of a tiny storage
     * with overlapping elements could declare exabytes.
     */
    private Tensor inside(Elements view, long offset, Shape shape, long[] strides, long at) {
        long count = shape.count();
        long last = offset;
        for (int i = 0; i < strides.length && count > 0; i++) {
            if (strides[i] == 0 && shape.dim(i) > 1) {
                throw bad(
                        at,
                        "stride 0 over a dimension of " + shape.dim(i)
                                + ": an expanded tensor; save it with .contiguous()");
            }
            last = Math.addExact(last, Math.multiplyExact(shape.dim(i) - 1, strides[i]));
        }
        if (count == 0 ? offset > view.length() : last >= view.length()) {
            throw bad(
                    at, "tensor of shape " + shape + " reaches element " + last + " of a storage of " + view.length());
        }
        if (count > view.length()) {
            throw bad(
                    at,
                    "tensor of " + count + " elements over a storage of " + view.length()
                            + ": its elements overlap; save it with .contiguous()");
        }
        return new Tensor(
                view.storage(),
                view.dtype(),
                Math.addExact(view.offset(), offset),
                shape,
                Arrays.stream(strides).boxed().toList());
    }

    private long[] sizes(PickleValue value, String what, long at) {
        if (!(value instanceof Tuple tuple)) {
            throw bad(at, what + " is not a tuple");
        }
        if (tuple.items().size() > MAX_RANK) {
            throw bad(at, tuple.items().size() + " dimensions; at most " + MAX_RANK + " are accepted");
        }
        return tuple.items().stream().mapToLong(v -> size(v, what, at)).toArray();
    }

    private long size(PickleValue value, String what, long at) {
        if (!(value instanceof Whole n) || n.value() < 0) {
            throw bad(at, what + " is not an integer from 0 to 2^63-1");
        }
        return n.value();
    }

    private void requireCount(PickleGlobal function, List<PickleValue> args, int min, int max, long at) {
        if (args.size() < min || args.size() > max) {
            throw bad(at, function.qualified() + " called with " + args.size() + " arguments");
        }
    }

    private void requireEmpty(PickleValue value, String what, long at) {
        boolean empty = value == Constant.NONE
                || (value instanceof Dict dict && dict.items().isEmpty());
        if (!empty) {
            throw bad(at, what + " that are not empty; save the state dict alone");
        }
    }

    private IngotException.BadData bad(long at, String reason) {
        return IngotException.BadData.at(file, at, reason);
    }
}
