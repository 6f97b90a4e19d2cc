package ingot.quant;

import java.util.function.ObjIntConsumer;

/**
 * Watches the rows of a matrix for NaN and infinities as a scheme reads them, whatever they are read from. They are counted
 * in the first pass; a scheme may read rows twice.
 */
final class NonFiniteGuard {
    private final long rows;
    private final int cols;
    private final WeightReader.NonFinite policy;
    private long checkedRows;
    private long count;
    private long first;

    NonFiniteGuard(long rows, int cols, WeightReader.NonFinite policy) {
        this.rows = rows;
        this.cols = cols;
        this.policy = policy;
    }

    /** Reads rows of the matrix. */
    @FunctionalInterface
    interface Decoder {
        void decode(long firstRow, int n, float[] out);
    }

    /** Makes the refusal of a matrix: how many weights are not finite, and the index of the first. */
    @FunctionalInterface
    interface Refusal {
        RuntimeException of(long firstIndex, String reason);
    }

    /** Looks at {@code n} rows just decoded to {@code out}; keeps, replaces or refuses what is not finite. */
    void check(long firstRow, int n, float[] out, Decoder decoder, Refusal refusal) {
        if (firstRow >= checkedRows) {
            checkedRows = firstRow + n;
            add(firstRow, n, out);
        }
        if (count == 0) {
            return;
        }
        switch (policy) {
            case REFUSE -> throw refuse(firstRow + n, out, decoder, refusal);
            case KEEP -> {}
            case REPLACE -> eachRow(n, out, this::replace);
        }
    }

    private void add(long firstRow, int n, float[] w) {
        for (int i = 0; i < n * cols; i++) {
            if (!Float.isFinite(w[i])) {
                if (count++ == 0) {
                    first = Math.multiplyExact(firstRow, (long) cols) + i;
                }
            }
        }
    }

    /** Counts to the end of the matrix first, so that the message says how many there are. */
    private RuntimeException refuse(long nextRow, float[] scratch, Decoder decoder, Refusal refusal) {
        int perStep = Math.max(1, scratch.length / cols);
        for (long row = nextRow; row < rows; row += perStep) {
            int n = (int) Math.min(perStep, rows - row);
            decoder.decode(row, n, scratch);
            add(row, n, scratch);
        }
        return refusal.of(
                first,
                count + " weights are NaN or infinite, the first at index " + first
                        + "; --allow-nonfinite converts it all the same");
    }

    private void eachRow(int n, float[] w, ObjIntConsumer<float[]> action) {
        for (int row = 0; row < n; row++) {
            action.accept(w, row * cols);
        }
    }

    private void replace(float[] w, int from) {
        float max = 0;
        for (int i = from; i < from + cols; i++) {
            if (Float.isFinite(w[i])) {
                max = Math.max(max, Math.abs(w[i]));
            }
        }
        for (int i = from; i < from + cols; i++) {
            if (Float.isNaN(w[i])) {
                w[i] = 0;
            } else if (Float.isInfinite(w[i])) {
                w[i] = Math.copySign(max, w[i]);
            }
        }
    }
}
