package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.quant.gptq.Factor;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Units;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** M·D·Mᵀ = H + λI, for Hessians that calibration really meets and for some it must refuse. */
final class FactorTest {
    private final Kernels kernels = Kernels.create(Backend.AUTO, 0, 2);

    @AfterEach
    void end() {
        kernels.close();
    }

    private Factor factor(float[] h, int n, Order.Kind kind) throws Factor.Impossible {
        return Factor.of(h.clone(), n, Units.of(32), kind, kernels.blas());
    }

    /** Checks the product in f64, within the bound of a Cholesky factorisation in f32. */
    private Factor multipliesBack(float[] h, int n) throws Factor.Impossible {
        Factor last = factor(h, n, Order.Kind.NATURAL);
        for (Order.Kind kind : Order.Kind.values()) {
            Factor f = factor(h, n, kind);
            int[] order = f.order().columns();
            double[][] expected = Textbook.damped(Hessians.wide(h, n), order, f.damping());
            for (int i = 0; i < n; i++) {
                assertTrue(f.d()[i] > 0 && Float.isFinite(f.d()[i]), "D " + f.d()[i]);
                assertEquals(expected[i][i], f.diagonal()[i], 1e-6 * expected[i][i]);
                for (int j = 0; j <= i; j++) {
                    double sum = 0;
                    for (int k = 0; k <= j; k++) {
                        double a = k == i ? 1 : f.m()[i * n + k];
                        double b = k == j ? 1 : f.m()[j * n + k];
                        sum += a * f.d()[k] * b;
                    }
                    double bound = (n + 8) * 0x1p-23 * Math.sqrt(expected[i][i] * expected[j][j]);
                    assertEquals(expected[i][j], sum, bound, kind + " " + i + "," + j);
                }
            }
            assertEquals(n, Arrays.stream(order).distinct().count());
            last = f;
        }
        return last;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 31, 33, 100, 257})
    void manyTokens(int n) throws Factor.Impossible {
        assertEquals(
                Factor.DAMPING,
                multipliesBack(Hessians.gram(Hessians.inputs(3 * n + 9, n, n), n), n)
                        .damping());
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 33, 100, 257})
    void fewerTokensThanColumns(int n) throws Factor.Impossible {
        for (int tokens : new int[] {1, 3}) {
            multipliesBack(Hessians.gram(Hessians.inputs(tokens, n, n), n), n);
        }
    }

    /** Columns whose inputs differ by 10⁶, their squares by 10¹². */
    @Test
    void illConditioned() throws Factor.Impossible {
        int n = 100;
        float[] x = Hessians.inputs(300, n, 3);
        for (int i = 0; i < x.length; i++) {
            x[i] *= (float) Math.pow(10, -6.0 * (i % n) / (n - 1));
        }
        multipliesBack(Hessians.gram(x, n), n);
    }

    @Test
    void deadColumns() throws Factor.Impossible {
        int n = 33;
        float[] x = Hessians.inputs(90, n, 4);
        for (int t = 0; t < 90; t++) {
            x[t * n] = x[t * n + 7] = x[t * n + 32] = 0;
        }
        Factor f = multipliesBack(Hessians.gram(x, n), n);
        for (int k = 0; k < n; k++) {
            int column = f.order().columns()[k];
            for (int i = k + 1; i < n && (column == 0 || column == 7 || column == 32); i++) {
                assertEquals(0f, f.m()[i * n + k], "a dead column takes no feedback");
            }
        }
    }

    /** Rounding can make H slightly indefinite; this one has the eigenvalue −2, which takes λ = 10 to mend. */
    @Test
    void dampingGrows() throws Factor.Impossible {
        Factor f = factor(new float[] {1, 3, 3, 1}, 2, Order.Kind.NATURAL);
        assertEquals(10, f.damping(), 1e-9);
        assertThrows(Factor.Impossible.class, () -> factor(new float[] {1, 1e6f, 1e6f, 1}, 2, Order.Kind.NATURAL));
    }

    @Test
    void whatIsNoHessian() {
        int n = 33;
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] h = Hessians.gram(Hessians.inputs(90, n, 5), n);
            h[5 * n + 5] = bad;
            assertThrows(Factor.Impossible.class, () -> factor(h, n, Order.Kind.ACTIVATION));
            float[] beside = Hessians.gram(Hessians.inputs(90, n, 5), n);
            beside[9 * n + 5] = beside[5 * n + 9] = bad;
            assertThrows(Factor.Impossible.class, () -> factor(beside, n, Order.Kind.ACTIVATION));
        }
        var e = assertThrows(Factor.Impossible.class, () -> factor(new float[n * n], n, Order.Kind.NATURAL));
        assertEquals("its inputs are zero", e.getMessage());
    }
}
