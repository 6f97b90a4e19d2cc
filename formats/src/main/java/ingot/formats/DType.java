package ingot.formats;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Element types of a safetensors file, by the names of its specification (safetensors 0.6: {@code Dtype}). Multi-byte
 * elements are little-endian.
 */
public enum DType {
    BOOL("BOOL", 8),
    U8("U8", 8),
    I8("I8", 8),
    F8_E5M2("F8_E5M2", 8),
    F8_E4M3("F8_E4M3", 8),
    I16("I16", 16),
    F16("F16", 16),
    BF16("BF16", 16),
    I32("I32", 32),
    F32("F32", 32),
    I64("I64", 64),
    F64("F64", 64),
    // Legal in a file, listed by inspect, but nothing Ingot converts has weights of these types.
    F4("F4", 4),
    F6_E2M3("F6_E2M3", 6),
    F6_E3M2("F6_E3M2", 6),
    F8_E8M0("F8_E8M0", 8),
    U16("U16", 16),
    U32("U32", 32),
    U64("U64", 64),
    C64("C64", 64);

    private static final Map<String, DType> BY_NAME =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(d -> d.label, Function.identity()));

    private final String label;
    private final int bits;

    DType(String label, int bits) {
        this.label = label;
        this.bits = bits;
    }

    /** The name in a safetensors header. */
    public String label() {
        return label;
    }

    /** Bits per element: 4, 6, 8, 16, 32 or 64. */
    public int bits() {
        return bits;
    }

    /** Bytes per element; {@link IllegalStateException} for types smaller than a byte. */
    public int bytes() {
        if (bits % 8 != 0) {
            throw new IllegalStateException(label + " has no whole number of bytes");
        }
        return bits / 8;
    }

    /** Whether {@link Numbers#toF32} understands it. */
    public boolean numeric() {
        return switch (this) {
            case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, F16, BF16, I32, F32, I64, F64 -> true;
            case F4, F6_E2M3, F6_E3M2, F8_E8M0, U16, U32, U64, C64 -> false;
        };
    }

    /** Whether values are floating point, so that weights may be stored in it. */
    public boolean floating() {
        return switch (this) {
            case F8_E5M2, F8_E4M3, F16, BF16, F32, F64 -> true;
            default -> false;
        };
    }

    public static Optional<DType> byLabel(String label) {
        return Optional.ofNullable(BY_NAME.get(label));
    }
}
