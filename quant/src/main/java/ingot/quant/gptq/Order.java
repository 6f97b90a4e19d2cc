package ingot.quant.gptq;

import java.util.Arrays;
import java.util.Comparator;

/**
 * The order in which columns are rounded. Columns are listed as the factorisation sees them; rounding runs from the last to
 * the first, so the columns that matter most stand last: their errors can still be made up for by all others.
 *
 * @param columns column of the matrix at each place
 * @param starts first place of each unit of columns that are rounded together, and the number of columns at the end
 * @param units number of the unit in the matrix at each place of units
 * @param span units that follow each other in the matrix and here, as they share factors of their scales; 1 for none
 */
@SuppressWarnings("ArrayRecordComponent") // tables, never compared
public record Order(int[] columns, int[] starts, int[] units, int span) {
    /** How the order is chosen. */
    public enum Kind {
        /** As the columns stand. */
        NATURAL,
        /**
         * Spans by the sum of their diagonal entries of H, units of a span and columns of a unit by theirs ("act-order" with
         * whole groups).
         */
        ACTIVATION
    }

    /**
     * @param diagonal of H, by column
     */
    public static Order of(Kind kind, float[] diagonal, Units kept) {
        int unit = kept.unit();
        int span = kept.span() / unit;
        int n = diagonal.length;
        int count = Math.ceilDiv(n, unit);
        Integer[] units = new Integer[count];
        Arrays.setAll(units, i -> i);
        if (kind == Kind.ACTIVATION) {
            double[] weight = new double[count];
            double[] ofSpan = new double[Math.ceilDiv(count, span)];
            for (int i = 0; i < n; i++) {
                weight[i / unit] += diagonal[i];
                ofSpan[i / kept.span()] += diagonal[i];
            }
            Arrays.sort(
                    units,
                    Comparator.comparingDouble((Integer u) -> ofSpan[u / span])
                            .thenComparing(u -> u / span)
                            .thenComparingDouble(u -> weight[u])
                            .thenComparing(u -> u));
        }
        int[] columns = new int[n];
        int[] starts = new int[count + 1];
        int[] order = new int[count];
        int at = 0;
        for (int i = 0; i < count; i++) {
            int from = units[i] * unit;
            int to = Math.min(n, from + unit);
            Integer[] inside = new Integer[to - from];
            Arrays.setAll(inside, k -> from + k);
            if (kind == Kind.ACTIVATION) {
                Arrays.sort(
                        inside,
                        Comparator.comparingDouble((Integer c) -> diagonal[c]).thenComparing(c -> c));
            }
            order[i] = units[i];
            starts[i] = at;
            for (int column : inside) {
                columns[at++] = column;
            }
        }
        starts[count] = n;
        return new Order(columns, starts, order, span);
    }

    /** Rows of a matrix with their columns in this order; a new array. */
    float[] arrange(float[] matrix, int rows) {
        int n = columns.length;
        float[] out = new float[rows * n];
        for (int r = 0; r < rows; r++) {
            for (int k = 0; k < n; k++) {
                out[r * n + k] = matrix[r * n + columns[k]];
            }
        }
        return out;
    }

    /** Number of columns. */
    public int size() {
        return columns.length;
    }
}
