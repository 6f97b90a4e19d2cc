package ingot.runtime.kernel;

/**
 * Softmax attention of some queries over a cache, in blocks of {@value #BLOCK} positions with a running softmax (Milakov and
 * Gimelshein 2018; Dao et al. 2022, FlashAttention): a block has its own maximum m, sum l = Σ exp(sᵢ − m) and vector
 * o = Σ exp(sᵢ − m)·vᵢ, and {@link Queries} takes them in, block after block.
 *
 * <p>Blocks begin at multiples of {@value #BLOCK} of the position and are taken in in their order, so a query's result
 * depends on nothing but the query and the positions it sees: not on threads, on other queries, or on how the range is
 * cut, as long as the cuts are where blocks begin. This holds for finite keys and values: a weight of zero times a value
 * that is not finite is not a number, so in the vector backend such a value reaches queries whose range begins or ends on its
 * page although they do not see it.
 *
 * <p>Bound, against exact attention over the stored keys and values, with ε = 2⁻²⁴, n visible positions, M the largest
 * Σ|q_d·k_d| and V the largest |v|: an element differs by at most (2·(dim + 2)·M + n + 110)·ε·V; the scalar backend, which
 * sums in double within a block, by at most (4·M + 3·n/BLOCK + 10)·ε·V.
 */
public interface AttentionKernel {
    /** Positions per block, whole pages. */
    int BLOCK = 512;

    /**
     * Adds the positions {@code from} … {@code to} − 1 to what the queries have seen, each as far as it is visible to it.
     *
     * @param from first position; later ones than any added before, and the start of a block where it cuts a range
     */
    void attend(Queries queries, KvPages cache, int kvHead, int from, int to);
}
