package ingot.tests.kernel;

import ingot.formats.block.Grouped;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.tests.block.RandomMatrix;

/** The arithmetic of generated kernels (docs/decisions/0080 and 0085), in plain loops. */
final class NativeDefinition {
    private static final int UNIT = 32;

    private NativeDefinition() {}

    /**
     * y = W·x, [tokens][rows].
     *
     * @throws ArithmeticException when the sum of a unit leaves 32 bits
     */
    static float[] product(RandomMatrix m, float[] x, int tokens, ActivationBits bits) {
        Grouped layout = (Grouped) m.layout();
        int group = layout.blocks(m.rows(), m.cols()).group();
        int groups = layout.blocks(m.rows(), m.cols()).groups();
        float[] y = new float[tokens * m.rows()];
        int[] a = new int[UNIT];
        for (int t = 0; t < tokens; t++) {
            for (int from = 0; from < m.cols(); from += UNIT) {
                int n = Math.min(UNIT, m.cols() - from);
                float max = 0x1p-100f;
                for (int k = 0; k < n; k++) {
                    max = Math.max(max, Math.abs(x[t * m.cols() + from + k]));
                }
                float d = max * (1 / bits.largest());
                float inverse = bits.largest() / max;
                for (int k = 0; k < n; k++) {
                    a[k] = (int) Math.rint(x[t * m.cols() + from + k] * inverse);
                }
                for (int r = 0; r < m.rows(); r++) {
                    long exact = 0;
                    for (int k = 0; k < n; k++) {
                        exact += (long) layout.value(m.codes()[r * m.cols() + from + k]) * a[k];
                    }
                    int sum = Math.toIntExact(exact);
                    float scale = m.scales()[r * groups + from / group];
                    int at = t * m.rows() + r;
                    y[at] = Math.fma(sum * d, scale, y[at]);
                }
            }
        }
        return y;
    }
}
