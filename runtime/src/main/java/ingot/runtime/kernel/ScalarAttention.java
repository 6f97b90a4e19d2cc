package ingot.runtime.kernel;

import java.util.Arrays;

/** The formula, position by position; scores, exponentials and the sums of a block in double. */
final class ScalarAttention implements AttentionKernel {
    private final ThreadLocal<Work> works = ThreadLocal.withInitial(Work::new);

    /** Buffers of a thread. */
    private static final class Work {
        private final double[] scores = new double[BLOCK];
        private float[] page = {};
        private double[] sums = {};
        private float[] mixed = {};

        void fit(KvPage.Shape shape) {
            if (page.length < shape.values()) {
                page = new float[shape.values()];
                sums = new double[shape.width()];
                mixed = new float[shape.width()];
            }
        }
    }

    @Override
    public void attend(Queries queries, KvPages cache, int kvHead, int from, int to) {
        Work work = works.get();
        work.fit(cache.shape());
        for (int block = from / BLOCK * BLOCK; block < to; block += BLOCK) {
            for (int row = 0; row < queries.rows(); row++) {
                int first = Math.max(Math.max(block, from), queries.first(row));
                int end = Math.min(Math.min(block + BLOCK, to), queries.last(row) + 1);
                if (first < end) {
                    row(work, queries, row, cache, kvHead, first, end);
                }
            }
        }
    }

    /** One row over some positions of one block. */
    private static void row(Work work, Queries queries, int row, KvPages cache, int kvHead, int first, int end) {
        KvPage.Shape shape = cache.shape();
        double top = Double.NEGATIVE_INFINITY;
        for (int at = first; at < end; at = nextPage(at)) {
            cache.page(at / KvPage.POSITIONS).decodeKeys(kvHead, work.page);
            for (int i = at; i < Math.min(nextPage(at), end); i++) {
                double score = 0;
                for (int d = 0; d < shape.dim(); d++) {
                    float key = work.page[shape.keyAt(0, i % KvPage.POSITIONS, d)];
                    score += (double) queries.vectors()[row * shape.dim() + d] * key;
                }
                work.scores[i - first] = score;
                top = Math.max(top, score);
            }
        }
        // The maximum is kept in f32; any number near it serves.
        float block = (float) top;
        double sum = 0;
        Arrays.fill(work.sums, 0, shape.width(), 0);
        for (int at = first; at < end; at = nextPage(at)) {
            cache.page(at / KvPage.POSITIONS).decodeValues(kvHead, work.page);
            for (int i = at; i < Math.min(nextPage(at), end); i++) {
                double weight = Math.exp(work.scores[i - first] - block);
                sum += weight;
                for (int d = 0; d < shape.dim(); d++) {
                    work.sums[d] += weight * work.page[shape.valueAt(0, i % KvPage.POSITIONS, d)];
                }
            }
        }
        for (int d = 0; d < shape.width(); d++) {
            work.mixed[d] = (float) work.sums[d];
        }
        queries.absorb(row, block, sum, work.mixed, 0);
    }

    private static int nextPage(int position) {
        return (position / KvPage.POSITIONS + 1) * KvPage.POSITIONS;
    }
}
