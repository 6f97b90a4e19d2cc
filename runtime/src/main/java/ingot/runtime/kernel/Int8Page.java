package ingot.runtime.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Keys and values in eight bits: {@code scale · code}, a product rounded to f32. Each group of {@value #GROUP} elements of a
 * head has a scale of its own, so that a few large channels, as keys have them, cost only their own group precision.
 *
 * <p>scale = max|x| ÷ 127, code = x ÷ scale rounded to nearest, ties to even, within ±127. There is one implementation for
 * all backends. A group with a value that is not finite has a scale that is not finite.
 *
 * @param keyScales [heads][groups][POSITIONS]
 * @param valueScales [heads][groups][POSITIONS]
 */
@SuppressWarnings("ArrayRecordComponent") // storage, never compared
public record Int8Page(
        KvPage.Shape shape, byte[] keys, float[] keyScales, byte[] values, float[] valueScales, Segments segments)
        implements KvPage {
    /** The same arrays for generated code. */
    public record Segments(
            MemorySegment keys, MemorySegment keyScales, MemorySegment values, MemorySegment valueScales) {}

    /** Elements that share a scale: a panel of values. */
    public static final int GROUP = PANEL;

    /** Adding it and taking it away rounds to an integer: 1.5 · 2²³. */
    private static final float ROUND = 0x1.8p23f;

    public Int8Page(KvPage.Shape shape) {
        this(
                shape,
                new byte[shape.allKeys()],
                new float[scales(shape)],
                new byte[shape.allValues()],
                new float[scales(shape)]);
    }

    private Int8Page(KvPage.Shape shape, byte[] keys, float[] keyScales, byte[] values, float[] valueScales) {
        this(
                shape,
                keys,
                keyScales,
                values,
                valueScales,
                new Segments(
                        MemorySegment.ofArray(keys),
                        MemorySegment.ofArray(keyScales),
                        MemorySegment.ofArray(values),
                        MemorySegment.ofArray(valueScales)));
    }

    /** Scales of the keys of a page, and of its values. */
    public static int scales(KvPage.Shape shape) {
        return Math.multiplyExact(shape.heads() * POSITIONS, groups(shape));
    }

    private static int groups(KvPage.Shape shape) {
        return shape.width() / GROUP;
    }

    /** Where the scales of a head's group begin, one per position. */
    public int scalesAt(int head, int group) {
        return (head * groups(shape) + group) * POSITIONS;
    }

    @Override
    public void put(int slot, float[] newKeys, float[] newValues, int at) {
        int dim = shape.dim();
        for (int head = 0; head < shape.heads(); head++) {
            for (int from = 0; from < dim; from += GROUP) {
                int n = Math.min(GROUP, dim - from);
                int x = at + head * dim + from;
                int scaleAt = scalesAt(head, from / GROUP) + slot;
                float scale = scale(newKeys, x, n);
                keyScales[scaleAt] = scale;
                for (int i = 0; i < n; i++) {
                    keys[shape.keyAt(head, slot, from + i)] = code(newKeys[x + i], scale);
                }
                scale = scale(newValues, x, n);
                valueScales[scaleAt] = scale;
                for (int i = 0; i < n; i++) {
                    values[shape.valueAt(head, slot, from + i)] = code(newValues[x + i], scale);
                }
            }
        }
    }

    private static float scale(float[] x, int at, int n) {
        float max = 0;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, Math.abs(x[at + i]));
        }
        return max / 127;
    }

    private static byte code(float x, float scale) {
        if (scale == 0) {
            return 0;
        }
        // A scale below the smallest normal number is so coarse that the quotient passes 127.
        float bounded = Math.max(-127, Math.min(127, x / scale));
        return (byte) (bounded + ROUND - ROUND);
    }

    @Override
    public void decodeKeys(int head, float[] out) {
        int dim = shape.dim();
        int from = head * shape.keys();
        for (int i = 0; i < shape.keys(); i++) {
            int d = i / PANEL % dim;
            int slot = i / (PANEL * dim) * PANEL + i % PANEL;
            out[i] = keyScales[scalesAt(head, d / GROUP) + slot] * keys[from + i];
        }
    }

    @Override
    public void decodeValues(int head, float[] out) {
        int from = head * shape.values();
        int scales = scalesAt(head, 0);
        for (int i = 0; i < shape.values(); i++) {
            out[i] = valueScales[scales + i / PANEL] * values[from + i];
        }
    }
}
