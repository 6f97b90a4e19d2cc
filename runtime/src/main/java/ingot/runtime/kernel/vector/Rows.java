package ingot.runtime.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Outputs with rows as lanes. */
final class Rows {
    private Rows() {}

    /** Writes the lanes whose row, counted from {@code row}, exists. */
    static void store(FloatVector v, float[] y, int row, int rows) {
        if (row + v.length() <= rows) {
            v.intoArray(y, row);
        } else if (row < rows) {
            v.intoArray(y, row, v.species().indexInRange(row, rows));
        }
    }
}
