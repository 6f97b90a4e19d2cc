package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.Blas;
import ingot.runtime.kernel.Checks;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.vector.BlockedProduct.Region;
import ingot.runtime.kernel.vector.BlockedProduct.Shape;

/** All of it through one blocked product ({@link BlockedProduct}). */
final class VectorBlas implements Blas {
    private final BlockedProduct product;
    private final BlockedCholesky cholesky;

    VectorBlas(TileProduct kernel, WorkerPool pool) {
        product = new BlockedProduct(kernel, pool);
        cholesky = new BlockedCholesky(kernel, product, pool);
    }

    @Override
    public void gram(float[] x, int tokens, int n, float[] h) {
        Checks.square(x, tokens, n, h);
        Factor columns = Factor.columns(new Tile(x, 0, n));
        product.add(1, columns, columns, new Tile(h, 0, n), new Shape(n, tokens, n, Region.LOWER));
    }

    @Override
    public void cross(float[] a, float[] b, int tokens, int n, float[] d) {
        Checks.square(a, tokens, n, d);
        Checks.square(b, tokens, n, d);
        Factor left = Factor.columns(new Tile(a, 0, n));
        Factor right = Factor.columns(new Tile(b, 0, n));
        product.add(1, left, right, new Tile(d, 0, n), new Shape(n, tokens, n, Region.ALL));
    }

    @Override
    public void multiplyAdd(float alpha, Tile a, Tile b, Tile c, int m, int k, int n) {
        Checks.window(a, m, k);
        Checks.window(b, k, n);
        Checks.window(c, m, n);
        product.add(alpha, Factor.rows(a), Factor.columns(b), c, new Shape(m, k, n, Region.ALL));
    }

    @Override
    public void multiplyAddTransposed(Tile a, Tile b, Tile c, int m, int k, int n) {
        Checks.window(a, m, k);
        Checks.window(b, n, k);
        Checks.window(c, m, n);
        product.add(1, Factor.rows(a), Factor.rows(b), c, new Shape(m, k, n, Region.ALL));
    }

    @Override
    public int cholesky(float[] a, int n) {
        Checks.square(a, 0, n, a);
        return cholesky.factor(new Tile(a, 0, n), n);
    }
}
