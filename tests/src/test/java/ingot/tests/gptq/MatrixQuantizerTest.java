package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.block.Layout;
import ingot.quant.ConvertOptions;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Target;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole matrices in every layout: what is reported to be stored is stored, and it is nearer than round-to-nearest. */
final class MatrixQuantizerTest {
    private static final int[][] SHAPES = {{1, 1}, {7, 31}, {1, 33}, {33, 7}, {17, 100}, {65, 64}, {3, 333}};

    private static Rounded round(float[] w, int cols, String type, float[] x, Kernels kernels)
            throws Factor.Impossible {
        return onGram(w, cols, type, Hessians.gram(x, cols), kernels);
    }

    private static Rounded onGram(float[] w, int cols, String type, float[] h, Kernels kernels)
            throws Factor.Impossible {
        Target target = new Target.Stored(ConvertOptions.layout(type));
        int rows = w.length / cols;
        Factor factor = Factor.of(h.clone(), cols, target.units(cols), Order.Kind.ACTIVATION, kernels.blas());
        return new MatrixQuantizer(kernels).round(w, rows, cols, target, factor);
    }

    private static Rounded round(float[] w, int cols, String type, float[] x) throws Factor.Impossible {
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            return round(w, cols, type, x, kernels);
        }
    }

    private static float[] decode(Layout layout, List<MemorySegment> parts, int rows, int cols) {
        float[] out = new float[rows * cols];
        for (int r = 0; r < rows; r++) {
            layout.decodeRow(rows, cols, parts, r, out, r * cols);
        }
        return out;
    }

    private static void assertStored(Rounded rounded, String type, int rows, int cols) {
        float[] decoded = decode(ConvertOptions.layout(type), rounded.parts(), rows, cols);
        for (int i = 0; i < decoded.length; i++) {
            int at = i;
            assertEquals(
                    Float.floatToRawIntBits(decoded[i]),
                    Float.floatToRawIntBits(rounded.stored()[i]),
                    () -> type + " " + rows + "x" + cols + " at " + at + ": " + decoded[at] + ", said "
                            + rounded.stored()[at]);
            assertTrue(Float.isFinite(decoded[i]));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "int3",
                "int4",
                "int4:64",
                "int4:channel",
                "int5:128",
                "int6:64",
                "int8",
                "int8:channel",
                "int4:288",
                "iq4",
                "iq4:64",
                "iq4:channel",
                "nf4",
                "nf4-dq"
            })
    void storesWhatItSaysAndBeatsRoundToNearest(String type) throws Factor.Impossible {
        double feedback = 0;
        double nearest = 0;
        for (int[] shape : SHAPES) {
            int rows = shape[0];
            int cols = shape[1];
            Compared compared =
                    compare(type, rows, cols, Hessians.gram(Hessians.inputs(2 * cols + 9, cols, cols), cols));
            feedback += compared.feedback();
            nearest += compared.nearest();
        }
        assertTrue(feedback < 0.8 * nearest, type + ": " + feedback + " against " + nearest);
    }

    /** Wider than the blocks in which products and descent take the columns: 512. */
    @Test
    void widerThanABlock() throws Factor.Impossible {
        int cols = 1100;
        float[] h = Hessians.gram(Hessians.inputs(2 * cols + 9, cols, cols), cols);
        for (String type : List.of("int4", "int8:channel", "iq4:64", "nf4-dq")) {
            Compared compared = compare(type, 3, cols, h);
            assertTrue(compared.feedback() < 0.8 * compared.nearest(), type + ": " + compared);
        }
    }

    /** Shares of the outputs' energy that are error. */
    private record Compared(double feedback, double nearest) {}

    private static Compared compare(String type, int rows, int cols, float[] gram) throws Factor.Impossible {
        float[] w = Hessians.weights(rows * cols, rows);
        Rounded rounded;
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            rounded = onGram(w, cols, type, gram, kernels);
        }
        assertStored(rounded, type, rows, cols);
        double[][] h = Textbook.damped(Hessians.wide(gram, cols), identity(cols), Factor.DAMPING);
        double error = Textbook.weighted(h, w, rounded.stored());
        assertEquals(error, rounded.error().weighted(), 1e-3 * error + 1e-9, type + " reported error");
        double energy = Textbook.weighted(h, w, new float[w.length]);
        assertEquals(energy, rounded.error().energy(), 1e-4 * energy, type + " reported energy");
        return new Compared(
                error / energy, Textbook.weighted(h, w, Nearest.round(w, cols, ConvertOptions.layout(type))) / energy);
    }

    private static int[] identity(int n) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> i);
        return order;
    }

    private static byte[] bytes(Rounded rounded) {
        return rounded.parts().stream()
                .map(p -> p.toArray(ValueLayout.JAVA_BYTE))
                .reduce(new byte[0], (a, b) -> {
                    byte[] both = Arrays.copyOf(a, a.length + b.length);
                    System.arraycopy(b, 0, both, a.length, b.length);
                    return both;
                });
    }

    /** Threads change nothing on either backend, vector widths nothing among themselves. */
    @ParameterizedTest
    @ValueSource(strings = {"int4", "iq4:64", "nf4-dq"})
    void threadsAndWidthsGiveTheSameBytes(String type) throws Factor.Impossible {
        int cols = 150;
        float[] w = Hessians.weights(130 * cols, 1);
        float[] x = Hessians.inputs(170, cols, 2);
        for (Backend backend : List.of(Backend.SCALAR, Backend.VECTOR)) {
            byte[] first = new byte[0];
            for (int[] way : new int[][] {{128, 1}, {128, 2}, {256, 5}, {512, 2}}) {
                try (Kernels kernels = Kernels.create(backend, backend == Backend.SCALAR ? 0 : way[0], way[1])) {
                    byte[] bytes = bytes(round(w, cols, type, x, kernels));
                    first = first.length == 0 ? bytes : first;
                    assertArrayEquals(first, bytes, () -> kernels.label() + " with " + way[1] + " threads");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"int3", "int4", "int4:channel", "int8", "iq4", "nf4", "nf4-dq"})
    void extremeRows(String type) throws Factor.Impossible {
        int cols = 100;
        int rows = 8;
        float[] w = Hessians.weights(rows * cols, 3);
        Arrays.fill(w, 0, cols, 0f);
        Arrays.fill(w, cols, 2 * cols, 0.02f);
        Arrays.fill(w, 2 * cols, 3 * cols, -0.02f);
        w[3 * cols + 40] = 1e4f;
        for (int i = 4 * cols; i < 5 * cols; i++) {
            w[i] *= 1e-4f; // scales that are subnormal in f16
        }
        for (int i = 5 * cols; i < 6 * cols; i++) {
            w[i] *= 1e-12f; // scales below f16
        }
        for (int i = 6 * cols; i < 7 * cols; i++) {
            w[i] = w[i] < 0 ? -Float.MIN_VALUE : 0f;
        }
        Rounded rounded = round(w, cols, type, Hessians.inputs(250, cols, 4));
        assertStored(rounded, type, rows, cols);
        float[] stored = rounded.stored();
        for (int k = 0; k < cols; k++) {
            // The sign of a zero may be that of a doubly quantized scale.
            assertTrue(stored[k] == 0, "a row of zeros");
            assertTrue(type.equals("nf4-dq") || Float.floatToRawIntBits(stored[k]) == 0, "a plain zero");
        }
        assertEquals(1e4f, stored[3 * cols + 40], 1.2e3f, "the outlier");
        if (!type.endsWith("dq")) {
            double error = 0;
            double size = 0;
            for (int i = 4 * cols; i < 5 * cols; i++) {
                error += Math.pow(w[i] - stored[i], 2);
                size += (double) w[i] * w[i];
            }
            assertTrue(error < 0.5 * size, "small rows survive: " + error / size);
        }
    }

    /** As round-to-nearest refuses it; the caller falls back to that, which names the tensor. */
    @Test
    void scalesBeyondF16AreRefused() throws Factor.Impossible {
        int cols = 33;
        float[] x = Hessians.inputs(99, cols, 5);
        for (String type : List.of("int3", "int4", "int8", "iq4", "int6:channel")) {
            for (float large : new float[] {-1e9f, 1e9f}) {
                float[] w = Hessians.weights(2 * cols, 6);
                w[34] = large;
                assertThrows(Factor.Impossible.class, () -> round(w, cols, type, x), type);
            }
        }
        // The largest that fits.
        float[] most = Hessians.weights(2 * cols, 6);
        most[34] = -8 * 65504f;
        Rounded rounded = round(most, cols, "int4", x);
        assertStored(rounded, "int4", 2, cols);
        assertEquals(most[34], rounded.stored()[34], 65504f);
        // nf4's scales are f32: either it works or it says that it does not.
        for (String type : List.of("nf4", "nf4-dq")) {
            float[] w = Hessians.weights(2 * cols, 6);
            w[34] = Float.MAX_VALUE;
            try {
                assertStored(round(w, cols, type, x), type, 2, cols);
            } catch (Factor.Impossible e) {
                assertTrue(e.toString().contains("f32"), e.toString());
            }
        }
    }

    /** Inputs whose squares nearly leave f32: never a NaN that nobody reports. */
    @Test
    void hugeInputs() {
        int cols = 33;
        float[] x = Hessians.inputs(99, cols, 5);
        for (float factor : new float[] {1e-22f, 1e-15f, 1e12f, 1e16f, 1e19f}) {
            float[] scaled = x.clone();
            for (int i = 0; i < x.length; i++) {
                scaled[i] *= factor;
            }
            for (float size : new float[] {1, 1e5f}) {
                float[] w = Hessians.weights(2 * cols, 6);
                for (int i = 0; i < w.length; i++) {
                    w[i] *= size;
                }
                try {
                    assertStored(round(w, cols, "int4", scaled), "int4", 2, cols);
                } catch (Factor.Impossible e) {
                    String reason = String.valueOf(e.getMessage());
                    assertTrue(reason.matches(".*(not finite|no Cholesky factor|range of f32|are zero).*"), reason);
                }
            }
        }
    }
}
