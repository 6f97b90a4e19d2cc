package ingot.runtime.kernel;

/** Plain loops; sums in double, rounded once. */
final class ScalarBlas implements Blas {
    private final WorkerPool pool;

    ScalarBlas(WorkerPool pool) {
        this.pool = pool;
    }

    @Override
    public void gram(float[] x, int tokens, int n, float[] h) {
        Checks.square(x, tokens, n, h);
        pool.run(n, i -> addRow(x, i, x, tokens, n, new double[i + 1], h));
    }

    @Override
    public void cross(float[] a, float[] b, int tokens, int n, float[] d) {
        Checks.square(a, tokens, n, d);
        Checks.square(b, tokens, n, d);
        pool.run(n, i -> addRow(a, i, b, tokens, n, new double[n], d));
    }

    /** d[i][j] += Σ over tokens of a[t][i]·b[t][j], for as many j as there are sums. */
    private static void addRow(float[] a, int i, float[] b, int tokens, int n, double[] sums, float[] d) {
        for (int t = 0; t < tokens; t++) {
            double factor = a[t * n + i];
            for (int j = 0; j < sums.length; j++) {
                sums[j] += factor * b[t * n + j];
            }
        }
        round(sums, 1, d, i * n);
    }

    @Override
    public void multiplyAdd(float alpha, Tile a, Tile b, Tile c, int m, int k, int n) {
        Checks.window(a, m, k);
        Checks.window(b, k, n);
        Checks.window(c, m, n);
        pool.run(m, i -> {
            double[] sums = new double[n];
            for (int l = 0; l < k; l++) {
                double factor = a.data()[a.at() + i * a.stride() + l];
                for (int j = 0; j < n; j++) {
                    sums[j] += factor * b.data()[b.at() + l * b.stride() + j];
                }
            }
            round(sums, alpha, c.data(), c.at() + i * c.stride());
        });
    }

    @Override
    public void multiplyAddTransposed(Tile a, Tile b, Tile c, int m, int k, int n) {
        Checks.window(a, m, k);
        Checks.window(b, n, k);
        Checks.window(c, m, n);
        pool.run(m, i -> {
            for (int j = 0; j < n; j++) {
                int row = a.at() + i * a.stride();
                double sum = ScalarOps.dotInDouble(a.data(), row, b.data(), b.at() + j * b.stride(), k);
                int to = c.at() + i * c.stride() + j;
                c.data()[to] = (float) (c.data()[to] + sum);
            }
        });
    }

    private static void round(double[] sums, float alpha, float[] out, int at) {
        for (int j = 0; j < sums.length; j++) {
            out[at + j] = (float) (out[at + j] + alpha * sums[j]);
        }
    }

    /** Row by row (Cholesky–Banachiewicz). */
    @Override
    public int cholesky(float[] a, int n) {
        Checks.square(a, 0, n, a);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double rest = a[i * n + j] - ScalarOps.dotInDouble(a, i * n, a, j * n, j);
                a[i * n + j] = (float) (rest / a[j * n + j]);
            }
            double pivot = a[i * n + i] - ScalarOps.dotInDouble(a, i * n, a, i * n, i);
            if (!(pivot > 0 && pivot < Double.POSITIVE_INFINITY)) {
                return i;
            }
            a[i * n + i] = (float) Math.sqrt(pivot);
        }
        return n;
    }
}
