package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Scratch;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.vector.TileProduct.Packed;
import java.util.Arrays;

/**
 * Products of a matrix with several tokens. The weights of 32 rows, a panel, are expanded to f32, {@value #COLS} columns at a
 * time. A task has a few panels in its second-level cache and takes them through all tokens, some tiles at a time, so that
 * activations come from memory once for all of them: of long prompts and wide matrices they fit no cache (6144 columns, 2048
 * tokens: 180 GFLOP/s with one panel, 250 with eight).
 */
final class MatMul {
    /** Columns of a panel: 32 KiB, which stay in the first-level cache while tiles pass. */
    private static final int COLS = 256;

    /** A panel may be overrun by the columns of one word. */
    private static final int SLACK = 8;

    private static final int PANEL = (COLS + SLACK) * TileProduct.COLS;

    /** Most panels of a task. */
    private static final int PANELS = 8;

    /** Tiles that all panels of a task meet before the next: 384 KiB of activations. */
    private static final int TILES = 32;

    /** Least tasks of a thread where there are rows enough, so that threads end together. */
    private static final int TASKS = 4;

    private final TileProduct product;
    private final WorkerPool pool;
    private final Scratch prepared = new Scratch();
    private final Scratch panels = new Scratch();
    private final Scratch sums = new Scratch();

    MatMul(TileProduct product, WorkerPool pool) {
        this.product = product;
        this.pool = pool;
    }

    /** A product under way. */
    private record Product(WeightKernel kernel, Matrix w, Activations x, int tokens, float[] y) {
        int panels() {
            return (w.rows() - 1) / TileProduct.COLS + 1;
        }

        /** Floats that hold the sums of a panel. */
        int sums() {
            return x.tiles() * TileProduct.TILE;
        }

        /** Expands some columns of a panel. */
        void expand(int panel, int col, int cols, float[] out, int at) {
            int row = panel * TileProduct.COLS;
            int block = row / WeightKernel.ROWS;
            kernel.expand(w, block, col, cols, out, at);
            if (w.rows() - row > WeightKernel.ROWS) {
                kernel.expand(w, block + 1, col, cols, out, at + WeightKernel.ROWS);
            }
        }
    }

    /** y = W·x, x [tokens][cols], y [tokens][rows]. */
    void multiply(WeightKernel kernel, Matrix w, float[] x, int tokens, float[] y) {
        Product all = new Product(kernel, w, pack(x, w.cols(), tokens), tokens, y);
        int panels = all.panels();
        int perTask = Math.clamp(panels / (TASKS * pool.threads()), 1, PANELS);
        pool.run(
                (panels - 1) / perTask + 1,
                task -> rows(all, task * perTask, Math.min(perTask, panels - task * perTask)));
    }

    private Activations pack(float[] x, int cols, int tokens) {
        int tiles = Activations.tiles(tokens);
        int length = Math.multiplyExact(Math.multiplyExact(tiles, TileProduct.ROWS), cols);
        Activations packed = new Activations(prepared.floats(length), cols, tiles);
        pool.run(tiles, tile -> packed.pack(x, tokens, tile));
        return packed;
    }

    /** Panels {@code first … first + count}. Before the sums there is room for those of a tile on their way. */
    private void rows(Product p, int first, int count) {
        float[] packed = panels.floats(count * PANEL);
        float[] sum = sums.floats(count * p.sums() + TileProduct.TILE);
        Arrays.fill(sum, TileProduct.TILE, TileProduct.TILE + count * p.sums(), 0);
        for (int col = 0; col < p.w.cols(); col += COLS) {
            int cols = Math.min(COLS, p.w.cols() - col);
            for (int i = 0; i < count; i++) {
                p.expand(first + i, col, cols, packed, i * PANEL);
            }
            for (int tile = 0; tile < p.x.tiles(); tile += TILES) {
                for (int i = 0; i < count; i++) {
                    Tile out = new Tile(sum, TileProduct.TILE + i * p.sums(), TileProduct.COLS);
                    tiles(p, tile, col, new Packed(packed, i * PANEL), out);
                }
            }
        }
        for (int i = 0; i < count; i++) {
            int row = (first + i) * TileProduct.COLS;
            int rows = Math.min(TileProduct.COLS, p.w.rows() - row);
            int from = TileProduct.TILE + i * p.sums();
            for (int t = 0; t < p.tokens; t++) {
                System.arraycopy(sum, from + t * TileProduct.COLS, p.y, t * p.w.rows() + row, rows);
            }
        }
    }

    /** {@value #TILES} tiles from {@code first} on, columns from {@code col} on, with a panel whose sums are {@code out}. */
    private void tiles(Product p, int first, int col, Packed panel, Tile out) {
        int cols = Math.min(COLS, p.w.cols() - col);
        int end = Math.min(p.x.tiles(), first + TILES);
        for (int tile = first; tile < end; tile++) {
            int wanted = Math.min(TileProduct.ROWS, p.tokens - tile * TileProduct.ROWS);
            Tile to = new Tile(out.data(), out.at() + tile * TileProduct.TILE, TileProduct.COLS);
            product.multiply(p.x.tile(tile, col), wanted, panel, cols, out.data(), to);
        }
    }
}
