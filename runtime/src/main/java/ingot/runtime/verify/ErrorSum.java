package ingot.runtime.verify;

import ingot.runtime.kernel.PairSums;

/**
 * Accumulates NMSE = mean((a − b)²) ÷ mean((b − mean(b))²), b the golden or the source, and max |a − b|. The variance is summed around
 * the first golden value, so that a large common offset does not cancel.
 */
public final class ErrorSum {
    private long n;
    private double shift;
    private double squares;
    private double shifted;
    private double shiftedSquares;
    private double maxAbs;
    private double partSquares;
    private double partShifted;
    private double partShiftedSquares;

    /** Of no pairs. */
    public ErrorSum() {}

    /** Adds {@code golden.length} pairs. */
    public void add(float[] model, float[] golden) {
        add(model, golden, golden.length);
    }

    /** Adds the first {@code count} pairs. */
    public void add(float[] model, float[] golden, int count) {
        addToPart(model, golden, count);
        endPart();
    }

    /** Adds the first {@code count} pairs to the part under way: many small calls that sum as one. */
    public void addToPart(float[] model, float[] golden, int count) {
        if (n == 0 && count > 0) {
            shift = golden[0];
        }
        double e = partSquares;
        double s = partShifted;
        double q = partShiftedSquares;
        double max = maxAbs;
        for (int i = 0; i < count; i++) {
            double d = (double) model[i] - golden[i];
            e += d * d;
            // Math.max keeps a NaN, so a model that yields one cannot look right.
            max = Math.max(max, Math.abs(d));
            double g = golden[i] - shift;
            s += g;
            q += g * g;
        }
        partSquares = e;
        partShifted = s;
        partShiftedSquares = q;
        maxAbs = max;
        n += count;
    }

    /**
     * The sums of the part under way, for somebody else to go on with.
     *
     * @param golden of the next pair
     */
    public PairSums part(float golden) {
        return new PairSums(n == 0 ? golden : shift, partSquares, partShifted, partShiftedSquares, maxAbs);
    }

    /** Takes the sums of the part back, after {@code count} more pairs. */
    public void part(PairSums sums, int count) {
        shift = sums.shift();
        partSquares = sums.squares();
        partShifted = sums.shifted();
        partShiftedSquares = sums.shiftedSquares();
        maxAbs = sums.maxAbs();
        n += count;
    }

    /** Ends a part: sums of their own keep the rounding error of many pairs small. */
    public void endPart() {
        squares += partSquares;
        shifted += partShifted;
        shiftedSquares += partShiftedSquares;
        partSquares = 0;
        partShifted = 0;
        partShiftedSquares = 0;
    }

    public void add(ErrorSum other) {
        double move = other.shift - shift;
        if (n == 0) {
            shift = other.shift;
            move = 0;
        }
        squares += other.squares;
        maxAbs = Math.max(maxAbs, other.maxAbs);
        // Σ(b − s)² about another shift: Σ(x + m)² = Σx² + 2mΣx + n·m².
        shiftedSquares += other.shiftedSquares + 2 * move * other.shifted + other.n * move * move;
        shifted += other.shifted + other.n * move;
        n += other.n;
    }

    /** 0 when all pairs are equal; infinite when the golden values do not vary but the model's differ. */
    public double nmse() {
        if (squares == 0) {
            return 0;
        }
        double variance = shiftedSquares - shifted * shifted / n;
        return variance <= 0 ? Double.POSITIVE_INFINITY : squares / variance;
    }

    /** Pairs added so far. */
    public long count() {
        return n;
    }

    public double maxAbs() {
        return maxAbs;
    }
}
