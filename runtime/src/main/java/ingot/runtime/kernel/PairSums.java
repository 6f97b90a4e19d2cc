package ingot.runtime.kernel;

/**
 * Sums over pairs (a, b) that are added one after the other, each rounded to f64.
 *
 * @param shift s, about which b is summed
 * @param squares Σ (a − b)²
 * @param shifted Σ (b − s)
 * @param shiftedSquares Σ (b − s)²
 * @param maxAbs max |a − b|
 */
public record PairSums(double shift, double squares, double shifted, double shiftedSquares, double maxAbs) {}
