package ingot.runtime.kernel.attention;

import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.KvPages;
import ingot.runtime.kernel.Queries;
import java.util.Arrays;

/**
 * Attention as two products per page, with keys and values read once for all queries: scores [rows][positions] =
 * queries · keys, then, when a block's scores have become weights, mixed [rows][dim] += weights · values. Pages that are not
 * f32 are widened one at a time into a buffer that stays in the processor's cache.
 */
public final class BlockedAttention implements AttentionKernel {
    private final AttentionTile tile;
    private final ThreadLocal<Work> works = ThreadLocal.withInitial(Work::new);

    public BlockedAttention(AttentionTile tile) {
        this.tile = tile;
    }

    /** Buffers of a thread. */
    private static final class Work {
        private final PageReader reader = new PageReader();
        private final FloatRows queries = new FloatRows();
        private final FloatRows weights = new FloatRows();
        private final FloatRows mixed = new FloatRows();
        private final float[] lanes = new float[AttentionTile.LANES];
        private float[] tops = {};
        private float[] sums = {};

        void fit(Queries given, KvPage.Shape shape) {
            int room = Math.ceilDiv(given.rows(), Queries.TILE) * Queries.TILE;
            queries.wrap(given.vectors(), shape.dim());
            weights.fit(room, BLOCK);
            mixed.fit(room, shape.width());
            if (tops.length < room) {
                tops = new float[room];
                sums = new float[room];
            }
        }
    }

    @Override
    public void attend(Queries queries, KvPages cache, int kvHead, int from, int to) {
        Work work = works.get();
        work.fit(queries, cache.shape());
        int rows = queries.rows();
        for (int block = from / BLOCK * BLOCK; block < to; block += BLOCK) {
            int first = Math.max(from, block) / KvPage.POSITIONS * KvPage.POSITIONS;
            int n = Math.min(to, block + BLOCK) - first;
            score(work, rows, cache, kvHead, first, n);
            for (int row = 0; row < rows; row++) {
                weigh(work, row, n, queries.first(row) - first, queries.last(row) + 1 - first);
            }
            mix(work, rows, cache, kvHead, first, n);
            for (int row = 0; row < rows; row++) {
                if (work.sums[row] != 0) {
                    queries.absorb(row, work.tops[row], work.sums[row], work.mixed.data(), work.mixed.at(row));
                }
            }
        }
    }

    /** Scores of the {@code n} positions from {@code first} on, which begins a page. */
    private void score(Work work, int rows, KvPages cache, int kvHead, int first, int n) {
        int dim = cache.shape().dim();
        work.weights.zero(rows, Math.ceilDiv(n, KvPage.PANEL) * KvPage.PANEL);
        for (int at = 0; at < n; at += KvPage.POSITIONS) {
            work.reader.keys(tile, cache.page((first + at) / KvPage.POSITIONS), kvHead);
            int end = Math.min(KvPage.POSITIONS, n - at);
            for (int panel = 0; panel < end; panel += KvPage.PANEL) {
                work.weights.column(at + panel);
                tile.add(work.queries, rows, work.reader, panel * dim, dim, work.weights);
            }
        }
    }

    /** Turns a row of {@code n} scores into weights: those from {@code seen} to {@code end} − 1, zeros elsewhere. */
    private void weigh(Work work, int row, int n, int seen, int end) {
        float[] w = work.weights.data();
        int at = work.weights.at(row);
        int stop = at + Math.ceilDiv(n, KvPage.PANEL) * KvPage.PANEL;
        int from = Math.max(0, seen);
        int to = Math.min(n, end);
        if (from >= to) {
            Arrays.fill(w, at, stop, 0);
            work.sums[row] = 0;
            return;
        }
        Arrays.fill(w, at, at + from, Float.NEGATIVE_INFINITY);
        Arrays.fill(w, at + to, stop, Float.NEGATIVE_INFINITY);
        work.tops[row] = tile.weigh(w, at, stop, work.lanes);
        float sum = 0;
        for (float lane : work.lanes) {
            sum += lane;
        }
        work.sums[row] = sum;
    }

    private void mix(Work work, int rows, KvPages cache, int kvHead, int first, int n) {
        int width = cache.shape().width();
        work.mixed.zero(rows, width);
        for (int at = 0; at < n; at += KvPage.POSITIONS) {
            work.reader.values(tile, cache.page((first + at) / KvPage.POSITIONS), kvHead);
            work.weights.column(at);
            int end = Math.min(KvPage.POSITIONS, n - at);
            for (int d = 0; d < width; d += KvPage.PANEL) {
                work.mixed.column(d);
                tile.add(work.weights, rows, work.reader, d * KvPage.POSITIONS, end, work.mixed);
            }
        }
    }
}
