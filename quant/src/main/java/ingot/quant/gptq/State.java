package ingot.quant.gptq;

import ingot.runtime.kernel.Feedback.Run;
import java.util.Arrays;

/**
 * Rows at work, columns in the factor's order.
 *
 * @param weights [rows][n]
 * @param errors weights − stored [rows][n]
 * @param levels [rows][n]
 * @param scales [rows][units]
 * @param offsets alike
 * @param unitOf the unit of a column
 * @param outputs e·(H + λI)·eᵀ of every row, kept in step [rows]
 */
@SuppressWarnings("ArrayRecordComponent") // buffers, never compared
record State(
        float[] weights,
        float[] errors,
        float[] levels,
        float[] scales,
        float[] offsets,
        int[] unitOf,
        double[] outputs) {
    static State of(float[] weights, int rows, Order order) {
        int units = order.units().length;
        int[] unitOf = new int[order.size()];
        for (int u = 0; u < units; u++) {
            Arrays.fill(unitOf, order.starts()[u], order.starts()[u + 1], u);
        }
        return new State(
                weights,
                new float[weights.length],
                new float[weights.length],
                new float[rows * units],
                new float[rows * units],
                unitOf,
                new double[rows]);
    }

    int n() {
        return unitOf.length;
    }

    int rows() {
        return outputs.length;
    }

    int units() {
        return scales.length / rows();
    }

    Scaling scaling(int row, int unit) {
        int at = row * units() + unit;
        return new Scaling(scales[at], offsets[at]);
    }

    void scaling(int row, int unit, Scaling chosen) {
        int at = row * units() + unit;
        scales[at] = chosen.scale();
        offsets[at] = chosen.offset();
    }

    /** Takes what was chosen for the run of a unit whose first column is {@code column}. */
    void keep(GroupCoder coder, Run run, int row, int unit, int column) {
        Scaling scaling = scaling(row, unit);
        int at = row * n() + column;
        for (int k = 0; k < run.n(); k++) {
            levels[at + k] = coder.level(k);
            errors[at + k] = weights[at + k] - scaling.value(coder.level(k));
        }
        outputs[row] += coder.error();
    }
}
