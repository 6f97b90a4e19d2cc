package ingot.quant.allocation;

import java.util.Arrays;
import java.util.List;

/**
 * Takes one option of every item so that the sum of damages is least and the sum of sizes within a capacity (the
 * multiple-choice knapsack problem), by dynamic programming over the bytes beyond the least possible size.
 *
 * <p>States are kept per bucket of bytes, each with its true size, so the capacity is never exceeded. With at most
 * {@value #BUCKETS} bytes to spend a bucket is a byte and the result is exact; else it is at worst the best one for a
 * capacity smaller by one bucket per item.
 */
public final class Solver {
    private static final int BUCKETS = 1 << 15;

    private Solver() {}

    /** A choice for an item. */
    public record Option(long bytes, double damage) {
        public Option {
            if (bytes < 0 || !(damage >= 0)) {
                throw new IllegalArgumentException("an option of " + bytes + " bytes with damage " + damage);
            }
        }
    }

    /** Bytes of the smallest options. */
    public static long least(List<List<Option>> items) {
        return items.stream().mapToLong(Solver::leastOf).sum();
    }

    /** Bytes of the largest options. */
    public static long most(List<List<Option>> items) {
        return items.stream()
                .mapToLong(item -> item.stream().mapToLong(Option::bytes).max().orElseThrow())
                .sum();
    }

    private static long leastOf(List<Option> item) {
        return item.stream().mapToLong(Option::bytes).min().orElseThrow();
    }

    /**
     * Solves for a capacity.
     *
     * @return the index of each item's option
     * @throws IllegalArgumentException when the smallest options do not fit
     */
    public static int[] solve(List<List<Option>> items, long capacity) {
        long slack = capacity - least(items);
        if (slack < 0) {
            throw new IllegalArgumentException("the smallest options exceed " + capacity + " bytes by " + -slack);
        }
        long spendable = Math.min(slack, most(items) - least(items));
        long bucket = Math.ceilDiv(spendable + 1, BUCKETS);
        int count = Math.toIntExact(spendable / bucket + 1);
        Front front = Front.start(count);
        int[][] parents = new int[items.size()][];
        byte[][] choices = new byte[items.size()][];
        for (int i = 0; i < items.size(); i++) {
            parents[i] = new int[count];
            choices[i] = new byte[count];
            front = front.with(items.get(i), spendable, bucket, parents[i], choices[i]);
        }
        int at = front.best();
        int[] chosen = new int[items.size()];
        for (int i = items.size() - 1; i >= 0; i--) {
            chosen[i] = choices[i][at];
            at = parents[i][at];
        }
        return chosen;
    }

    /**
     * The best choice so far for every bucket of bytes spent.
     *
     * @param damage by bucket, infinite where there is none
     * @param spent exact bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // a table for one call
    private record Front(double[] damage, long[] spent) {
        static Front start(int buckets) {
            Front front = empty(buckets);
            front.damage[0] = 0;
            return front;
        }

        private static Front empty(int buckets) {
            double[] damage = new double[buckets];
            Arrays.fill(damage, Double.POSITIVE_INFINITY);
            return new Front(damage, new long[buckets]);
        }

        Front with(List<Option> item, long spendable, long bucket, int[] parents, byte[] choices) {
            Front next = empty(damage.length);
            long least = leastOf(item);
            for (int from = 0; from < damage.length; from++) {
                if (damage[from] == Double.POSITIVE_INFINITY) {
                    continue;
                }
                for (int c = 0; c < item.size(); c++) {
                    long bytes = spent[from] + item.get(c).bytes() - least;
                    double total = damage[from] + item.get(c).damage();
                    if (bytes > spendable) {
                        continue;
                    }
                    int to = (int) (bytes / bucket);
                    boolean better = total < next.damage[to] || total == next.damage[to] && bytes < next.spent[to];
                    if (better) {
                        next.damage[to] = total;
                        next.spent[to] = bytes;
                        parents[to] = from;
                        choices[to] = (byte) c;
                    }
                }
            }
            return next;
        }

        /** The bucket of the least damage; the smallest among equals. */
        int best() {
            int best = 0;
            for (int i = 1; i < damage.length; i++) {
                best = damage[i] < damage[best] ? i : best;
            }
            return best;
        }
    }
}
