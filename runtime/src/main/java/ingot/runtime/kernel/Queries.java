package ingot.runtime.kernel;

import java.util.Arrays;

/**
 * Query vectors of one KV head with what they have found so far: per row the largest score m, l = Σ exp(sᵢ − m) and
 * o = Σ exp(sᵢ − m)·vᵢ. Kept and used again; for one thread at a time.
 */
public final class Queries {
    /** Rows are allocated in multiples of it; kernels may read and write the ones behind the last. */
    public static final int TILE = 4;

    private int rows;
    private int dim;
    private int width;
    private float[] query = {};
    private int[] first = {};
    private int[] last = {};
    private float[] top = {};
    private double[] sum = {};
    private float[] mixed = {};

    /** Begins anew with {@code newRows} rows, all of which must be {@link #set} and {@link #see} something. */
    public void clear(int newRows, KvPage.Shape shape) {
        rows = newRows;
        dim = shape.dim();
        width = shape.width();
        int room = Math.ceilDiv(rows, TILE) * TILE;
        if (first.length < room) {
            first = new int[room];
            last = new int[room];
            top = new float[room];
            sum = new double[room];
        }
        if (query.length < room * dim || mixed.length < room * width) {
            query = new float[room * dim];
            mixed = new float[room * width];
        }
        Arrays.fill(sum, 0);
    }

    /** The vector of a row: {@code scale · x[at …]}. */
    public void set(int row, float[] x, int at, float scale) {
        for (int d = 0; d < dim; d++) {
            query[row * dim + d] = scale * x[at + d];
        }
    }

    /** Which positions a row sees, both included. */
    public void see(int row, int from, int to) {
        first[row] = from;
        last[row] = to;
    }

    public int rows() {
        return rows;
    }

    /** The query vectors [rows][dim], scaled. */
    public float[] vectors() {
        return query;
    }

    /** First position that a row sees. */
    public int first(int row) {
        return first[row];
    }

    /** Last position that a row sees. */
    public int last(int row) {
        return last[row];
    }

    /**
     * Takes in a block of positions for one row: its largest score, its l, and its o from {@code o[at]} on.
     */
    public void absorb(int row, float blockTop, double blockSum, float[] o, int at) {
        int to = row * width;
        if (sum[row] == 0) {
            System.arraycopy(o, at, mixed, to, width);
            top[row] = blockTop;
            sum[row] = blockSum;
            return;
        }
        float newTop = Math.max(top[row], blockTop);
        float keep = (float) Math.exp((double) top[row] - newTop);
        float take = (float) Math.exp((double) blockTop - newTop);
        for (int i = 0; i < width; i++) {
            mixed[to + i] = keep * mixed[to + i] + take * o[at + i];
        }
        top[row] = newTop;
        sum[row] = keep * sum[row] + take * blockSum;
    }

    /** Takes in what the same queries found in the blocks that follow. */
    public void absorb(Queries later) {
        for (int row = 0; row < rows; row++) {
            if (later.sum[row] != 0) {
                absorb(row, later.top[row], later.sum[row], later.mixed, row * width);
            }
        }
    }

    /** What a row found, o ÷ l → {@code out[at … at + dim)}. */
    public void result(int row, float[] out, int at) {
        float scale = (float) (1 / sum[row]);
        for (int d = 0; d < dim; d++) {
            out[at + d] = scale * mixed[row * width + d];
        }
    }
}
