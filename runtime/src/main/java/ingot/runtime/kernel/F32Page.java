package ingot.runtime.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Keys and values as they were computed.
 *
 * @param keySegment the keys, for generated code; {@code valueSegment} alike
 */
@SuppressWarnings("ArrayRecordComponent") // storage, never compared
public record F32Page(
        KvPage.Shape shape, float[] keys, float[] values, MemorySegment keySegment, MemorySegment valueSegment)
        implements KvPage {
    public F32Page(KvPage.Shape shape) {
        this(shape, new float[shape.allKeys()], new float[shape.allValues()]);
    }

    private F32Page(KvPage.Shape shape, float[] keys, float[] values) {
        this(shape, keys, values, MemorySegment.ofArray(keys), MemorySegment.ofArray(values));
    }

    @Override
    public void put(int slot, float[] newKeys, float[] newValues, int at) {
        int dim = shape.dim();
        for (int head = 0; head < shape.heads(); head++) {
            for (int d = 0; d < dim; d++) {
                keys[shape.keyAt(head, slot, d)] = newKeys[at + head * dim + d];
                values[shape.valueAt(head, slot, d)] = newValues[at + head * dim + d];
            }
        }
    }

    @Override
    public void decodeKeys(int head, float[] out) {
        System.arraycopy(keys, head * shape.keys(), out, 0, shape.keys());
    }

    @Override
    public void decodeValues(int head, float[] out) {
        System.arraycopy(values, head * shape.values(), out, 0, shape.values());
    }
}
