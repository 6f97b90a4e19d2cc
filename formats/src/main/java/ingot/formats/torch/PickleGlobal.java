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
    REBUILD_TENSOR_V3("torch._utils", "_rebuild_tensor_v3"),
    REBUILD_PARAMETER("torch._utils", "_rebuild_parameter"),
    REBUILD_PARAMETER_WITH_STATE("torch._utils", "_rebuild_parameter_with_state"),
    REBUILD_FROM_TYPE_V2("torch._tensor", "_rebuild_from_type_v2"),
    // The types that _rebuild_from_type_v2 is given; they are never called.
    TENSOR("torch", "Tensor"),
    PARAMETER("torch.nn.parameter", "Parameter"),
    SIZE("torch", "Size"),
    FLOAT_STORAGE("FloatStorage", DType.F32),
    HALF_STORAGE("HalfStorage", DType.F16),
    BFLOAT16_STORAGE("BFloat16Storage", DType.BF16),
    DOUBLE_STORAGE("DoubleStorage", DType.F64),
    BYTE_STORAGE("ByteStorage", DType.U8),
    CHAR_STORAGE("CharStorage", DType.I8),
    SHORT_STORAGE("ShortStorage", DType.I16),
    INT_STORAGE("IntStorage", DType.I32),
    LONG_STORAGE("LongStorage", DType.I64),
    BOOL_STORAGE("BoolStorage", DType.BOOL),
    /** Bytes whose type the tensor states; torch 2.1 and later write it for types that have no storage class. */
    UNTYPED_STORAGE("torch.storage", "UntypedStorage", DType.U8, true),
    // Element types by themselves: arguments of _rebuild_tensor_v3, or remarks beside the tensors.
    FLOAT32("float32", DType.F32, false),
    FLOAT16("float16", DType.F16, false),
    BFLOAT16("bfloat16", DType.BF16, false),
    FLOAT64("float64", DType.F64, false),
    UINT8("uint8", DType.U8, false),
    INT8("int8", DType.I8, false),
    INT16("int16", DType.I16, false),
    INT32("int32", DType.I32, false),
    INT64("int64", DType.I64, false),
    BOOL("bool", DType.BOOL, false),
    FLOAT8_E4M3FN("float8_e4m3fn", DType.F8_E4M3, false),
    FLOAT8_E5M2("float8_e5m2", DType.F8_E5M2, false),
    FLOAT8_E8M0FNU("float8_e8m0fnu", DType.F8_E8M0, false),
    UINT16("uint16", DType.U16, false),
    UINT32("uint32", DType.U32, false),
    UINT64("uint64", DType.U64, false);

    private static final Map<String, PickleGlobal> BY_NAME = Stream.of(values())
            .collect(Collectors.toUnmodifiableMap(g -> key(g.module, g.symbol), Function.identity()));

    private final String module;
    private final String symbol;
    private final Optional<DType> dtype;
    private final boolean storage;

    PickleGlobal(String module, String name) {
        this.module = module;
        this.symbol = name;
        this.dtype = Optional.empty();
        this.storage = false;
    }

    PickleGlobal(String storage, DType dtype) {
        this("torch", storage, dtype, true);
    }

    PickleGlobal(String symbol, DType dtype, boolean storage) {
        this("torch", symbol, dtype, storage);
    }

    PickleGlobal(String module, String symbol, DType dtype, boolean storage) {
        this.module = module;
        this.symbol = symbol;
        this.dtype = Optional.of(dtype);
        this.storage = storage;
    }

    static Optional<PickleGlobal> of(String module, String name) {
        return Optional.ofNullable(BY_NAME.get(key(module, name)));
    }

    /** The element type, where this is a type of storage; U8 for an untyped one. */
    Optional<DType> ofStorage() {
        return dtype.filter(d -> storage);
    }

    /** The element type, where this is one. */
    Optional<DType> elements() {
        return dtype.filter(d -> !storage);
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
