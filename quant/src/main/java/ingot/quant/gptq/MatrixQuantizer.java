package ingot.quant.gptq;

import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Grouped;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.quant.scheme.F16Scale;
import ingot.runtime.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Rounds whole matrices onto the grid of a layout, on all threads. */
public final class MatrixQuantizer {
    /** Tasks of a thread where there are rows enough: few, as each reads all of the factor; several, so that threads end together. */
    private static final int TASKS = 4;

    private static final int LEAST_ROWS = 16;
    private static final int MOST_ROWS = 512;

    private final Kernels kernels;

    public MatrixQuantizer(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Columns that share a scale. */
    public static int group(Layout layout, int rows, int cols) {
        return geometry(layout, rows, cols).group();
    }

    private static Blocks geometry(Layout layout, int rows, int cols) {
        int group = switch (layout) {
            case Grouped g -> g.group();
            case Nf4 n -> Nf4.GROUP;
            case Dense d -> throw noGrid(layout);
        };
        return Blocks.of(rows, cols, group);
    }

    private static Grid grid(Layout layout) {
        return switch (layout) {
            case Iq4 i -> new TableGrid(Iq4.values(), true);
            // A range that is lopsided fits better with one sign of the scale than with the other.
            case Grouped g -> new UniformGrid(g.lowest(), g.high(), g.lowest() != -g.high());
            case Nf4 n -> new TableGrid(Nf4.values(), false);
            case Dense d -> throw noGrid(layout);
        };
    }

    private static IllegalArgumentException noGrid(Layout layout) {
        return new IllegalArgumentException(layout.label() + " has no grid");
    }

    /**
     * Rounds {@code w} [rows][cols].
     *
     * @param factor of the Hessian of its inputs, with units of {@link Sweep#unit} of the layout's group
     * @throws Factor.Impossible when a scale would be beyond what the layout stores, or sums beyond f32
     */
    public Rounded round(float[] w, int rows, int cols, Layout layout, Factor factor) throws Factor.Impossible {
        Blocks geometry = geometry(layout, rows, cols);
        requireScales(w, layout);
        ScaleRule rule = rule(w, layout, geometry);
        Sweep sweep = new Sweep(factor, grid(layout), rule, geometry.group(), kernels);
        List<MemorySegment> parts = Rounded.room(layout, rows, cols);
        float[] stored = new float[rows * cols];
        float[] scales = new float[rows * geometry.groups()];
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
            System.arraycopy(out.stored(), 0, stored, first * cols, n * cols);
            System.arraycopy(out.scales(), 0, scales, first * geometry.groups(), n * geometry.groups());
            encode(layout, out, n, cols, slices(layout, parts, first, n, cols));
            System.arraycopy(out.errors(), 0, errors, first, n);
            System.arraycopy(out.energies(), 0, energies, first, n);
        });
        RoundingError error = RoundingError.of(w, stored).withOutputs(sum(errors), sum(energies));
        if (!Double.isFinite(error.squared() + error.weighted())) {
            throw new Factor.Impossible("error feedback left the range of f32");
        }
        if (layout instanceof Nf4 nf4 && nf4.doubleQuant()) {
            // The rule let only storable scales through: quantizing them again finds their own codes.
            nf4.encodeScales(rows, cols, ((DoubleRule) rule).codes(scales), parts.subList(1, parts.size()));
        }
        return new Rounded(parts, stored, error);
    }

    /** Clipping may be worth it, but not to less than round-to-nearest can store. */
    private static void requireScales(float[] w, Layout layout) throws Factor.Impossible {
        if (!(layout instanceof Grouped)) {
            return;
        }
        Grid grid = grid(layout);
        float most = F16Scale.MAX * Math.max(-grid.low(), grid.high());
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

    private static List<MemorySegment> slices(Layout layout, List<MemorySegment> parts, int first, int rows, int cols) {
        List<Part> sizes = layout.parts(rows, cols);
        List<MemorySegment> slices = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            // A block of 16 rows depends on no other one, so the parts of the rows before are a prefix.
            long from = first == 0 ? 0 : layout.parts(first, cols).get(i).bytes();
            slices.add(
                    i > 1
                            ? parts.get(i)
                            : parts.get(i).asSlice(from, sizes.get(i).bytes()));
        }
        return slices;
    }

    private static void encode(Layout layout, Sweep.Rows rows, int n, int cols, List<MemorySegment> parts) {
        switch (layout) {
            case Grouped g -> g.encode(n, cols, rows.codes(), halves(rows.scales()), parts);
            case Nf4 f -> {
                f.encodeCodes(n, cols, rows.codes(), parts.getFirst());
                if (!f.doubleQuant()) {
                    f.encodeAbsmax(n, cols, rows.scales(), parts.get(1));
                }
            }
            case Dense d -> throw noGrid(layout);
        }
    }

    private static short[] halves(float[] scales) {
        short[] bits = new short[scales.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToFloat16(scales[i]);
        }
        return bits;
    }

    private static ScaleRule rule(float[] w, Layout layout, Blocks geometry) {
        return switch (layout) {
            case Nf4 n when n.doubleQuant() -> DoubleRule.of(w, geometry);
            case Nf4 n -> ScaleRule.F32;
            case Grouped g -> ScaleRule.F16;
            case Dense d -> throw noGrid(layout);
        };
    }

    private static double sum(double[] values) {
        double total = 0;
        for (double v : values) {
            total += v;
        }
        return total;
    }

    /**
     * Scales that are quantized themselves: 256 neighbours share a factor and all share an offset, both taken from the
     * weights before any feedback, as these have to be known before the first scale is chosen.
     */
    @SuppressWarnings("ArrayRecordComponent") // tables, never compared
    private record DoubleRule(DoubleQuantized start, int groups) implements ScaleRule {
        static DoubleRule of(float[] w, Blocks geometry) {
            int cols = geometry.cols();
            int rows = Math.toIntExact(geometry.rows());
            float[] absmax = new float[rows * geometry.groups()];
            for (int i = 0; i < w.length; i++) {
                int at = i / cols * geometry.groups() + i % cols / geometry.group();
                absmax[at] = Math.max(absmax[at], Math.abs(w[i]));
            }
            return new DoubleRule(DoubleQuantized.of(absmax), geometry.groups());
        }

        @Override
        public float storable(int row, int group, float scale) {
            int at = row * groups + group;
            return value(code(at, scale), at);
        }

        private int code(int at, float scale) {
            float nested = start.nested()[at / Nf4.NESTED];
            return nested == 0 ? DynamicMap.ZERO : DynamicMap.nearest((scale - start.offset()) / nested);
        }

        /** The code of a storable scale: dividing it again may round to a neighbour. */
        private int exact(int at, float scale) {
            int near = code(at, scale);
            for (int code = Math.max(0, near - 1); code <= Math.min(DynamicMap.SIZE - 1, near + 1); code++) {
                if (value(code, at) == scale) {
                    return code;
                }
            }
            return near;
        }

        private float value(int code, int at) {
            return DynamicMap.value(code) * start.nested()[at / Nf4.NESTED] + start.offset();
        }

        DoubleQuantized codes(float[] scales) {
            byte[] codes = new byte[scales.length];
            for (int i = 0; i < codes.length; i++) {
                codes[i] = (byte) exact(i, scales[i]);
            }
            return new DoubleQuantized(codes, start.nested(), start.offset());
        }
    }
}
