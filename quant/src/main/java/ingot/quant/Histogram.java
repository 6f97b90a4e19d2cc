package ingot.quant;

import java.util.ArrayList;
import java.util.List;

/**
 * Counts of whole numbers in bins of equal width.
 *
 * @param first smallest number of the first bin
 * @param width numbers in a bin
 * @param counts by bin
 */
public record Histogram(int first, int width, List<Long> counts) {
    public Histogram {
        counts = List.copyOf(counts);
    }

    /** The sum of both; of bins that are alike but for where they begin. */
    public Histogram plus(Histogram other) {
        if (counts.isEmpty() || other.counts.isEmpty()) {
            return counts.isEmpty() ? other : this;
        }
        int from = Math.min(first, other.first);
        int bins = Math.max(end(), other.end()) - from;
        if (width != other.width || (first - other.first) % width != 0) {
            throw new IllegalArgumentException("bins of " + width + " and " + other.width);
        }
        List<Long> sum = new ArrayList<>();
        for (int n = from; n < from + bins; n += width) {
            sum.add(at(n) + other.at(n));
        }
        return new Histogram(from, width, sum);
    }

    private int end() {
        return first + width * counts.size();
    }

    private long at(int n) {
        return n < first || n >= end() ? 0 : counts.get((n - first) / width);
    }

    /** Everything counted. */
    public long total() {
        return counts.stream().mapToLong(Long::longValue).sum();
    }
}
