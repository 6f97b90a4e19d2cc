package ingot.quant.gptq;

import ingot.formats.IngotException;
import ingot.runtime.kernel.Kernels;

/** Rounds whole matrices onto the grid of a target, on all threads. */
public final class MatrixQuantizer {
    /** Tasks of a thread: few, as each reads all of the factor; several, so that threads end together. */
    private static final int TASKS = 2;

    private static final int LEAST_ROWS = 16;
    private static final int MOST_ROWS = 512;

    private final Kernels kernels;

    public MatrixQuantizer(Kernels kernels) {
        this.kernels = kernels;
    }

    /**
     * Rounds {@code w} [rows][cols].
     *
     * @param factor of the Hessian of its inputs, with the target's {@link Target#units}
     * @throws Factor.Impossible when a scale would be beyond what the target stores, or sums beyond f32
     */
    public Rounded round(float[] w, int rows, int cols, Target target, Factor factor) throws Factor.Impossible {
        Storage storage = switch (target) {
            case Target.Stored stored -> LayoutStorage.of(stored.layout(), w, rows, cols);
            case Target.Blocks blocks -> BlockStorage.of(blocks.type(), rows, cols);
        };
        requireScales(w, storage.most());
        try {
            return round(w, rows, cols, storage, factor);
        } catch (IngotException.BadData e) {
            throw new Factor.Impossible(String.valueOf(e.getMessage()));
        }
    }

    private Rounded round(float[] w, int rows, int cols, Storage storage, Factor factor) throws Factor.Impossible {
        Sweep sweep = new Sweep(factor, storage.grid(), storage.rule(), storage.group(), kernels);
        float[] stored = new float[rows * cols];
        // Rows do not depend on each other: any split gives the same numbers.
        int blocks = Math.ceilDiv(Math.ceilDiv(rows, LEAST_ROWS), TASKS * kernels.threads());
        int perTask = Math.min(blocks * LEAST_ROWS, MOST_ROWS);
        int tasks = Math.ceilDiv(rows, perTask);
        double[] errors = new double[rows];
        double[] energies = new double[rows];
        kernels.parallel(tasks, task -> {
            int first = task * perTask;
            int n = Math.min(perTask, rows - first);
            float[] chunk = new float[n * cols];
            System.arraycopy(w, first * cols, chunk, 0, n * cols);
            Sweep.Rows out = sweep.round(chunk, first, n);
            storage.put(out, first, stored);
            System.arraycopy(out.errors(), 0, errors, first, n);
            System.arraycopy(out.energies(), 0, energies, first, n);
        });
        RoundingError error = RoundingError.of(w, stored).withOutputs(sum(errors), sum(energies));
        if (!Double.isFinite(error.squared() + error.weighted())) {
            throw new Factor.Impossible("error feedback left the range of f32");
        }
        return new Rounded(storage.parts(), stored, error);
    }

    /** Clipping may be worth it, but not to less than round-to-nearest can store. */
    private static void requireScales(float[] w, float most) throws Factor.Impossible {
        for (float x : w) {
            if (Math.abs(x) > most) {
                throw new Factor.Impossible("a weight of " + x + " needs a scale beyond f16");
            }
        }
    }

    /** tr(X·(H + λI)·Xᵀ) of rows X [rows][n]: the energy of the outputs they make. */
    public double energy(float[] x, int rows, Factor factor) {
        return sum(factor.energies(factor.order().arrange(x, rows), rows, kernels.blas()));
    }

    /** The same with what it did to the outputs. */
    public Rounded measured(Rounded rounded, float[] source, Factor factor) {
        float[] error = new float[source.length];
        for (int i = 0; i < error.length; i++) {
            error[i] = source[i] - rounded.stored()[i];
        }
        int rows = source.length / factor.n();
        RoundingError known = rounded.error().withOutputs(energy(error, rows, factor), energy(source, rows, factor));
        return new Rounded(rounded.parts(), rounded.stored(), known);
    }

    private static double sum(double[] values) {
        double total = 0;
        for (double v : values) {
            total += v;
        }
        return total;
    }
}
