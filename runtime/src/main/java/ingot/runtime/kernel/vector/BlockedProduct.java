package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Scratch;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.vector.TileProduct.Packed;

/**
 * c += α·a·b in blocks (Goto and van de Geijn 2008): {@value #PASS} summands and {@value #COLS} columns of b are packed
 * once, 4 MiB, by all threads; then every task packs {@value #ROWS} rows of a, 192 KiB for its second-level cache, and
 * multiplies them with one panel of b after the other, {@value #DEPTH} summands at a time, 32 KiB, which stay in the
 * first-level cache meanwhile. Outputs come from memory once for a pass: with passes of one chain a tenth of the time went
 * there.
 */
final class BlockedProduct {
    /** Summands of a chain of fused multiply-adds. */
    private static final int DEPTH = 256;

    /** Summands of a pass, a multiple of {@link #DEPTH}. */
    private static final int PASS = 512;

    private static final int COLS = 2048;

    /** Columns that a task packs, whole panels. */
    private static final int PACKED = 8 * TileProduct.COLS;

    private static final int ROWS = 96;

    private final TileProduct kernel;
    private final WorkerPool pool;
    private final Scratch left = new Scratch();
    private final Scratch right = new Scratch();
    private final Scratch tiles = new Scratch();

    BlockedProduct(TileProduct kernel, WorkerPool pool) {
        this.kernel = kernel;
        this.pool = pool;
    }

    /** Which outputs are wanted. */
    enum Region {
        ALL,
        /** Those whose column is not above their row. */
        LOWER
    }

    /** Outputs and the length of the sums: c is m×n. */
    record Shape(int m, int k, int n, Region region) {}

    void add(float alpha, Factor a, Factor b, Tile c, Shape shape) {
        for (int l = 0; l < shape.k; l += PASS) {
            int depth = Math.min(PASS, shape.k - l);
            for (int col = 0; col < shape.n; col += COLS) {
                int cols = Math.min(COLS, shape.n - col);
                // Rows above the first column of a lower triangle have nothing in it.
                int row = shape.region == Region.LOWER ? col : 0;
                Shape pass = new Shape(shape.m - row, depth, cols, shape.region);
                pass(alpha, a.from(row, l), b.from(col, l), c.at(row, col), pass);
            }
        }
    }

    private void pass(float alpha, Factor a, Factor b, Tile c, Shape pass) {
        int panels = (pass.n - 1) / TileProduct.COLS + 1;
        int length = pass.k * TileProduct.COLS;
        float[] packed = right.floats(panels * length);
        pool.run((pass.n - 1) / PACKED + 1, task -> {
            int col = task * PACKED;
            b.from(col, 0).packColumns(Math.min(PACKED, pass.n - col), pass.k, packed, col * pass.k);
        });
        pool.run((pass.m - 1) / ROWS + 1, task -> {
            int row = task * ROWS;
            int rows = Math.min(ROWS, pass.m - row);
            float[] block = left.floats(PASS * ROWS);
            float[] room = tiles.floats(2 * TileProduct.TILE);
            a.from(row, 0).packRows(alpha, rows, pass.k, block, 0);
            for (int p = 0; p < panels; p++) {
                for (int l = 0; l < pass.k; l += DEPTH) {
                    Packed panel = new Packed(packed, p * length + l * TileProduct.COLS);
                    int depth = Math.min(DEPTH, pass.k - l);
                    for (int i = 0; i < rows; i += TileProduct.ROWS) {
                        int lanes = Math.min(TileProduct.ROWS, rows - i);
                        Output out = new Output(c, pass, row + i, lanes, p * TileProduct.COLS);
                        multiply(new Packed(block, i * pass.k + l * TileProduct.ROWS), panel, depth, room, out);
                    }
                }
            }
        });
    }

    /** Outputs that one call of the kernel makes: {@code rows} rows of a pass from {@code row} on, a panel from {@code col} on. */
    private record Output(Tile c, Shape pass, int row, int rows, int col) {
        boolean lower() {
            return pass.region == Region.LOWER;
        }

        boolean none() {
            return lower() && row + rows <= col;
        }

        boolean whole() {
            return rows == TileProduct.ROWS
                    && col + TileProduct.COLS <= pass.n
                    && (!lower() || row >= col + TileProduct.COLS - 1);
        }

        int at(int i) {
            return c.at() + (row + i) * c.stride() + col;
        }

        int wanted(int i) {
            int cols = Math.min(TileProduct.COLS, pass.n - col);
            return lower() ? Math.clamp(row + i - col + 1L, 0, cols) : cols;
        }
    }

    private void multiply(Packed a, Packed b, int k, float[] room, Output out) {
        if (out.whole()) {
            kernel.multiply(a, out.rows, b, k, room, out.c.at(out.row, out.col));
        } else if (!out.none()) {
            edge(a, b, k, room, out);
        }
    }

    /** A tile of which only a part is wanted: the sums are made in a whole one. */
    private void edge(Packed a, Packed b, int k, float[] room, Output out) {
        float[] c = out.c.data();
        int tile = TileProduct.TILE;
        for (int i = 0; i < out.rows; i++) {
            System.arraycopy(c, out.at(i), room, tile + i * TileProduct.COLS, out.wanted(i));
        }
        kernel.multiply(a, out.rows, b, k, room, new Tile(room, tile, TileProduct.COLS));
        for (int i = 0; i < out.rows; i++) {
            System.arraycopy(room, tile + i * TileProduct.COLS, c, out.at(i), out.wanted(i));
        }
    }
}
