package ingot.quant.calibration;

import ingot.quant.gptq.Drift;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Optional;

/** What passed a place of a layer, in sums. */
final class Moments {
    /** Most columns that a square of floats can have in an array. */
    static final int WIDEST = 46_340;

    private final int n;
    private final float[] h;
    private final float[] d;
    private final float[] r;
    private final float[] w;
    private long count;

    private Moments(int n, float[] h, float[] d, float[] r, float[] w) {
        this.n = n;
        this.h = h;
        this.d = d;
        this.r = r;
        this.w = w;
    }

    /**
     * Nothing yet, of inputs of {@code n} columns. Of more than {@link #WIDEST} nothing is summed up.
     *
     * @param wanted whether anything is to be summed up
     * @param streams 2 where a full-precision one runs beside, else 1
     */
    static Moments of(int n, boolean wanted, int streams) {
        boolean possible = wanted && n <= WIDEST;
        float[] none = {};
        return new Moments(n, square(possible ? n : 0), square(possible && streams > 1 ? n : 0), none, none);
    }

    /**
     * Nothing yet, of inputs of two streams that one matrix reads, whose outputs are added to the residual stream. Sums up
     * W·D as it is, [rows][n] instead of D [n][n]: less memory and, with fewer rows than half the columns, less work.
     *
     * @param w [rows][n]; kept
     */
    static Moments intoResidual(int n, float[] w) {
        return new Moments(n, square(n), new float[0], new float[w.length], w);
    }

    /** Whether {@link #intoResidual(int, float[])} is the better way for a matrix. */
    static boolean ofOutputs(WeightSpec writer) {
        return 2L * writer.rows() < writer.cols() && writer.cols() <= WIDEST;
    }

    private static float[] square(int n) {
        return new float[Math.multiplyExact(n, n)];
    }

    /** Whether there are too many columns for a Hessian. */
    boolean tooWide() {
        return n > WIDEST;
    }

    /** What to say of matrices that are rounded without one. */
    String reason() {
        return TensorSink.NEAREST + n + " columns are too many for a Hessian";
    }

    /** The same for readers whose outputs are added to a residual stream of {@code hidden} channels. */
    Moments intoResidual(int hidden) {
        boolean wanted = d.length > 0 && hidden <= WIDEST;
        return new Moments(n, h, d, new float[wanted ? Math.multiplyExact(hidden, n) : 0], w);
    }

    /** Σ x·xᵀ [n][n], lower triangle; of no length where it is not wanted. */
    float[] h() {
        return h;
    }

    /**
     * Adds tokens.
     *
     * @param x of every stream, [tokens][n] each; that of the second is overwritten
     */
    void add(List<float[]> x, int tokens, Kernels kernels) {
        addSquares(x.getFirst(), tokens, kernels);
        addApart(x, tokens, kernels);
    }

    /** The first half of {@link #add}: Σ x·xᵀ of the first stream. */
    void addSquares(float[] x, int tokens, Kernels kernels) {
        count += tokens;
        if (h.length > 0) {
            kernels.blas().gram(x, tokens, n, h);
        }
    }

    /** The second half: Σ (x' − x)·xᵀ with x' of the full-precision model, if it runs beside. */
    void addApart(List<float[]> x, int tokens, Kernels kernels) {
        if (d.length > 0 || w.length > 0) {
            float[] seen = x.getFirst();
            float[] apart = x.getLast();
            for (int i = 0; i < tokens * n; i++) {
                apart[i] -= seen[i];
            }
            if (d.length > 0) {
                kernels.blas().cross(apart, seen, tokens, n, d);
            }
        }
    }

    /** Whether {@link #addResidual} is of use. */
    boolean residual() {
        return r.length > 0;
    }

    /**
     * Adds the residual streams that the outputs for these tokens are added to.
     *
     * @param y of every stream, [tokens][hidden] each
     * @param x as {@link #addApart} left it
     */
    void addResidual(List<float[]> y, List<float[]> x, int tokens, Kernels kernels) {
        if (r.length == 0) {
            return;
        }
        // Σ (y' − y)·xᵀ [hidden][n].
        int hidden = r.length / n;
        float[] apart = new float[tokens * hidden];
        for (int t = 0; t < tokens; t++) {
            for (int i = 0; i < hidden; i++) {
                apart[i * tokens + t] = y.getLast()[t * hidden + i] - y.getFirst()[t * hidden + i];
            }
        }
        Tile outputs = new Tile(apart, 0, tokens);
        if (w.length > 0) {
            // And Σ W·(x' − x)·xᵀ.
            Tile inputs = new Tile(x.getLast(), 0, n);
            kernels.blas().multiplyAddTransposed(new Tile(w, 0, n), inputs, outputs, hidden, n, tokens);
        }
        kernels.blas().multiplyAdd(1, outputs, new Tile(x.getFirst(), 0, n), new Tile(r, 0, n), hidden, tokens, n);
    }

    /**
     * The drift to make up for, if it is known. A regression on few tokens follows chance: of T tokens the share
     * (T − n) ÷ (T + 9·n) is taken, nothing up to n, half at eleven times as many (the 9 is measured: decision 74).
     */
    Optional<Drift> drift(float strength) {
        double sure = Math.max(0, (double) (count - n) / (count + 9L * n));
        float share = (float) (strength * sure);
        return d.length + w.length == 0 || share == 0 ? Optional.empty() : Optional.of(new Drift(d, r, share));
    }
}
