package ingot.runtime.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Keys and values in half precision, rounded to nearest; magnitudes of 65520 and more become infinite.
 *
 * @param keySegment the keys, for generated code; {@code valueSegment} alike
 */
@SuppressWarnings("ArrayRecordComponent") // storage, never compared
public record F16Page(
        KvPage.Shape shape, short[] keys, short[] values, MemorySegment keySegment, MemorySegment valueSegment)
        implements KvPage {
    public F16Page(KvPage.Shape shape) {
        this(shape, new short[shape.allKeys()], new short[shape.allValues()]);
    }

    private F16Page(KvPage.Shape shape, short[] keys, short[] values) {
        this(shape, keys, values, MemorySegment.ofArray(keys), MemorySegment.ofArray(values));
    }

    @Override
    public void put(int slot, float[] newKeys, float[] newValues, int at) {
        int dim = shape.dim();
        for (int head = 0; head < shape.heads(); head++) {
            for (int d = 0; d < dim; d++) {
                keys[shape.keyAt(head, slot, d)] = Float.floatToFloat16(newKeys[at + head * dim + d]);
                values[shape.valueAt(head, slot, d)] = Float.floatToFloat16(newValues[at + head * dim + d]);
            }
        }
    }

    @Override
    public void decodeKeys(int head, float[] out) {
        widen(keys, head * shape.keys(), shape.keys(), out);
    }

    @Override
    public void decodeValues(int head, float[] out) {
        widen(values, head * shape.values(), shape.values(), out);
    }

    /** A flat loop, which is compiled to conversion instructions. */
    private static void widen(short[] halves, int at, int n, float[] out) {
        for (int i = 0; i < n; i++) {
            out[i] = Float.float16ToFloat(halves[at + i]);
        }
    }
}
