package ingot.formats.torch;

import ingot.formats.DType;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The only names a pickle may refer to. They are constants of this enum, never looked up as classes or functions; what
 * calling one means is written in {@link TensorBuilder}.
 */
enum PickleGlobal implements PickleValue {
    ORDERED_DICT("collections", "OrderedDict"),
    REBUILD_TENSOR("torch._utils", "_rebuild_tensor"),
    REBUILD_TENSOR_V2("torch._utils", "_rebuild_tensor_v2"),
    REBUILD_PARAMETER("torch._utils", "_rebuild_parameter"),
    REBUILD_FROM_TYPE_V2("torch._tensor", "_rebuild_from_type_v2"),
    // The types that _rebuild_from_type_v2 is given; they are never called.
    TENSOR("torch", "Tensor"),
    PARAMETER("torch.nn.parameter", "Parameter"),
    FLOAT_STORAGE("FloatStorage", DType.F32),
    HALF_STORAGE("HalfStorage", DType.F16),
    BFLOAT16_STORAGE("BFloat16Storage", DType.BF16),
    DOUBLE_STORAGE("DoubleStorage", DType.F64),
    BYTE_STORAGE("ByteStorage", DType.U8),
    CHAR_STORAGE("CharStorage", DType.I8),
    SHORT_STORAGE("ShortStorage", DType.I16),
    INT_STORAGE("IntStorage", DType.I32),
    LONG_STORAGE("LongStorage", DType.I64),
    BOOL_STORAGE("BoolStorage", DType.BOOL);

    private static final Map<String, PickleGlobal> BY_NAME = Stream.of(values())
            .collect(Collectors.toUnmodifiableMap(g -> key(g.module, g.symbol), Function.identity()));

    private final String module;
    private final String symbol;
    private final Optional<DType> dtype;

    PickleGlobal(String module, String name) {
        this.module = module;
        this.symbol = name;
        this.dtype = Optional.empty();
    }

    PickleGlobal(String storage, DType dtype) {
        this.module = "torch";
        this.symbol = storage;
        this.dtype = Optional.of(dtype);
    }

    static Optional<PickleGlobal> of(String module, String name) {
        return Optional.ofNullable(BY_NAME.get(key(module, name)));
    }

    /** The element type, where this is a type of storage. */
    Optional<DType> dtype() {
        return dtype;
    }

    /** {@code module.name}. */
    String qualified() {
        return module + "." + symbol;
    }

    /** Both parts: a dot in one of them is not a dot between them. */
    private static String key(String module, String name) {
        return module + "\n" + name;
    }
}
