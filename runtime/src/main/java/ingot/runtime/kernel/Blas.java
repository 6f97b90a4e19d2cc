package ingot.runtime.kernel;

/**
 * Products of dense row-major f32 matrices on the threads of a backend. Results do not depend on the number of threads.
 * Safe for use by several threads, as {@link Kernels} is. Arguments of one call must not overlap where one is written.
 *
 * <p>Bounds, with ε = 2⁻²⁴ and k the number of products in a sum: the scalar backend sums in double and rounds once; the
 * vector backend adds to an output c, for every 256 products or fewer, a chain of fused multiply-adds that began at 0. So
 * its outputs differ from exact ones by at most (min(k, 256) + ⌈k/256⌉ + 1)·ε·(|c| + Σ|aᵢ·bᵢ|), first order in ε, and are the
 * same at every vector width. Sums over several calls add their bounds.
 */
public interface Blas {
    /** A window of a row-major matrix: element (i, j) is {@code data[at + i*stride + j]}. */
    record Tile(float[] data, int at, int stride) {
        /** The window that begins at an element of this one. */
        public Tile at(int row, int col) {
            return new Tile(data, at + row * stride + col, stride);
        }
    }

    /**
     * h += xᵀ·x, the lower triangle with the diagonal; the upper triangle is neither read nor written.
     *
     * @param x {@code [tokens][n]}
     * @param h {@code [n][n]}
     * @throws IllegalArgumentException when an array is too short
     */
    void gram(float[] x, int tokens, int n, float[] h);

    /**
     * d += aᵀ·b.
     *
     * @param a {@code [tokens][n]}; {@code b} alike; they may be the same
     * @param d {@code [n][n]}
     * @throws IllegalArgumentException when an array is too short
     */
    void cross(float[] a, float[] b, int tokens, int n, float[] d);

    /**
     * c += α·a·b; with α other than ±1 the factors α·aᵢ are rounded, which adds ε to the bound.
     *
     * @param a m×k, {@code b} k×n, {@code c} m×n
     * @throws IllegalArgumentException when a window leaves its array
     */
    void multiplyAdd(float alpha, Tile a, Tile b, Tile c, int m, int k, int n);

    /**
     * c += a·bᵀ.
     *
     * @param a m×k, {@code b} n×k, {@code c} m×n
     * @throws IllegalArgumentException when a window leaves its array
     */
    void multiplyAddTransposed(Tile a, Tile b, Tile c, int m, int k, int n);

    /**
     * Lower Cholesky factor L, a = L·Lᵀ, in place of the lower triangle; the upper triangle is neither read nor written.
     * Backward stable: (L·Lᵀ)ᵢⱼ differs from aᵢⱼ by at most (n + 1)·ε·Σₖ|Lᵢₖ|·|Lⱼₖ| (Higham 2002, theorem 10.3).
     *
     * @param a {@code [n][n]}, symmetric, of which the lower triangle is read
     * @return n, or the index of the first pivot that is not positive and finite; {@code a} is garbage then
     * @throws IllegalArgumentException when the array is too short
     */
    int cholesky(float[] a, int n);
}
