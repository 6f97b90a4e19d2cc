package ingot.formats.block;

import java.util.Arrays;

/**
 * The 256 values of the signed dynamic 8-bit type (Dettmers 2015, "8-bit approximations for parallelism in deep
 * learning") as bitsandbytes computes them in {@code create_dynamic_map()}: for i = 0 … 6 the midpoints of
 * {@code torch.linspace(0.1, 1, 2^i + 1)}, times ±10^(i−6); then 0 and 1; sorted. All in f32, {@code linspace} with fused
 * multiply-adds upward from 0.1 for its first half and downward from 1 for its second: that is what gives the published
 * values bit for bit; in other orders some differ in the last place.
 */
public final class DynamicMap {
    public static final int SIZE = 256;

    /** Index of the value 0. */
    public static final int ZERO = 127;

    private static final int EXPONENTS = 7;
    private static final float[] VALUES = compute();

    private DynamicMap() {}

    /** Value of an index 0 … 255; ascending. */
    public static float value(int code) {
        return VALUES[code];
    }

    /** All values; a copy. */
    public static float[] values() {
        return VALUES.clone();
    }

    /** Index of the nearest value, the lower one of two equally near; NaN gives {@link #ZERO}. */
    public static int nearest(float x) {
        if (Float.isNaN(x)) {
            return ZERO;
        }
        int found = Arrays.binarySearch(VALUES, x + 0.0f);
        if (found >= 0) {
            return found;
        }
        int above = -found - 1;
        if (above == 0 || above == SIZE) {
            return above == 0 ? 0 : SIZE - 1;
        }
        return VALUES[above] - x < x - VALUES[above - 1] ? above : above - 1;
    }

    private static float[] compute() {
        float[] values = new float[SIZE];
        int n = 0;
        for (int i = 0; i < EXPONENTS; i++) {
            float scale = (float) Math.pow(10, i - (EXPONENTS - 1));
            int steps = 1 << i;
            for (int j = 0; j < steps; j++) {
                float midpoint = (boundary(j, steps) + boundary(j + 1, steps)) / 2;
                values[n++] = scale * midpoint;
                values[n++] = -scale * midpoint;
            }
        }
        values[n++] = 0;
        values[n] = 1;
        Arrays.sort(values);
        return values;
    }

    /** Element j of {@code torch.linspace(0.1, 1, steps + 1)}. */
    private static float boundary(int j, int steps) {
        float step = (1 - 0.1f) / steps;
        return j < (steps + 1) / 2 ? Math.fma(step, (float) j, 0.1f) : Math.fma(-step, (float) (steps - j), 1);
    }
}
