package ingot.quant;

import java.util.function.ObjIntConsumer;

/**
 * Watches the rows of a matrix for NaN and infinities as they are read, whatever they are read from; rows may be read in any
 * order, and twice.
 */
record NonFiniteGuard(long rows, int cols, WeightReader.NonFinite policy) {
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
    void check(int n, float[] out, Decoder decoder, Refusal refusal) {
        switch (policy) {
            case REFUSE -> {
                if (!finite(n, out)) {
                    throw refuse(out, decoder, refusal);
                }
            }
            case KEEP -> {}
            case REPLACE -> eachRow(n, out, this::replace);
        }
    }

    private boolean finite(int n, float[] w) {
        for (int i = 0; i < n * cols; i++) {
            if (!Float.isFinite(w[i])) {
                return false;
            }
        }
        return true;
    }

    /** Looks through the whole matrix first, so that the message says how many there are, whatever is read when. */
    private RuntimeException refuse(float[] scratch, Decoder decoder, Refusal refusal) {
        int perStep = Math.max(1, scratch.length / cols);
        long count = 0;
        long first = 0;
        for (long row = 0; row < rows; row += perStep) {
            int n = (int) Math.min(perStep, rows - row);
            decoder.decode(row, n, scratch);
            for (int i = 0; i < n * cols; i++) {
                if (!Float.isFinite(scratch[i]) && count++ == 0) {
                    first = Math.addExact(Math.multiplyExact(row, (long) cols), i);
                }
            }
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
