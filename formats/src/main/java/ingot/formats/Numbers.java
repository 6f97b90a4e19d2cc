package ingot.formats;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Stored numbers ↔ f32. Widening from F16, BF16, F8 and I16 or smaller is exact; I32, I64 and F64 round to nearest
 * even.
 */
public final class Numbers {
    public static final ValueLayout.OfShort LE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt LE_INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong LE_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfFloat LE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfDouble LE_DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Numbers() {}

    /** Decodes {@code n} elements starting at byte {@code from} of {@code source} into {@code out[at…]}. */
    public static void toF32(DType type, MemorySegment source, long from, float[] out, int at, int n) {
        switch (type) {
            case F32 -> MemorySegment.copy(source, LE_FLOAT, from, out, at, n);
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = bf16ToF32(source.get(LE_SHORT, from + 2L * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = Float.float16ToFloat(source.get(LE_SHORT, from + 2L * i));
                }
            }
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = (float) source.get(LE_DOUBLE, from + 8L * i);
                }
            }
            case I64 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = (float) source.get(LE_LONG, from + 8L * i);
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = (float) source.get(LE_INT, from + 4L * i);
                }
            }
            case I16 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = source.get(LE_SHORT, from + 2L * i);
                }
            }
            case I8 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = source.get(ValueLayout.JAVA_BYTE, from + i);
                }
            }
            case U8, BOOL -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = source.get(ValueLayout.JAVA_BYTE, from + i) & 0xFF;
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = f8e4m3ToF32(source.get(ValueLayout.JAVA_BYTE, from + i));
                }
            }
            case F8_E5M2 -> {
                // E5M2 is the upper byte of an IEEE half.
                for (int i = 0; i < n; i++) {
                    out[at + i] = Float.float16ToFloat((short) (source.get(ValueLayout.JAVA_BYTE, from + i) << 8));
                }
            }
            case F4, F6_E2M3, F6_E3M2, F8_E8M0, U16, U32, U64, C64 ->
                throw new IllegalArgumentException(type.label() + " holds no weights");
        }
    }

    /** Exact: bf16 is the upper half of an f32. */
    public static float bf16ToF32(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Round to nearest even, as PyTorch does; NaN stays NaN (quiet). */
    public static short f32ToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7FFFFFFF) > 0x7F800000) {
            return (short) ((bits >>> 16) | 0x0040);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    /** FP8 E4M3FN (OCP OFP8): bias 7, no infinities, S.1111.111 is NaN, subnormals m·2⁻⁹. */
    public static float f8e4m3ToF32(byte bits) {
        int exponent = (bits >>> 3) & 0xF;
        int mantissa = bits & 7;
        float magnitude;
        if (exponent == 0) {
            magnitude = mantissa * 0x1p-9f;
        } else if (exponent == 15 && mantissa == 7) {
            magnitude = Float.NaN;
        } else {
            magnitude = Float.intBitsToFloat(((exponent - 7 + 127) << 23) | (mantissa << 20));
        }
        return bits < 0 ? -magnitude : magnitude;
    }
}
