package ingot.tests.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.verify.Distributions;
import ingot.runtime.verify.ErrorSum;
import ingot.runtime.verify.Quantiles;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Metrics against numbers worked out by hand. */
final class MetricsTest {
    @Test
    void klDivergenceOfTwoCoins() {
        // p = (1/2, 1/2), q = (1/4, 3/4): ½·ln(½÷¼) + ½·ln(½÷¾) = ½·ln 2 + ½·ln ⅔ = ½·ln 4/3.
        float[] p = {1, 1};
        float[] q = {0, (float) Math.log(3)};
        assertEquals(0.5 * Math.log(4.0 / 3), Distributions.klDivergence(p, q), 1e-7);
        assertEquals(0, Distributions.klDivergence(q, q), 0);
    }

    @Test
    void softmaxDoesNotOverflow() {
        float[] logits = {1000, 1000, -1000};
        assertEquals(1000 + Math.log(2), Distributions.logSumExp(logits), 1e-12);
        assertEquals(-Math.log(2), Distributions.logProbability(logits, 0), 1e-12);
        assertEquals(0, Distributions.argmax(logits), "the first of equals");
    }

    @Test
    void divergenceOfNanIsNan() {
        assertTrue(Double.isNaN(Distributions.klDivergence(new float[] {1, 2}, new float[] {1, Float.NaN})));
    }

    @Test
    void nmseByHand() {
        // Golden 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9) ÷ 4; errors 0, 1, 0, −1: mean square 2 ÷ 4.
        ErrorSum error = new ErrorSum();
        error.add(new float[] {1, 3, 3, 5}, new float[] {1, 2, 3, 6});
        assertEquals(2.0 / 14, error.nmse(), 1e-15);
        assertEquals(1, error.maxAbs(), 0);
    }

    @Test
    void nmseInPartsIsNmseOfTheWhole() {
        float[] golden = {1000, 1001, 1002, 1007, 998, 1000, 1031};
        float[] model = {1000, 1002, 1002, 1007, 997, 1001, 1030};
        ErrorSum whole = new ErrorSum();
        whole.add(model, golden);
        ErrorSum parts = new ErrorSum();
        for (int from : new int[] {0, 3}) {
            int to = from == 0 ? 3 : 7;
            ErrorSum part = new ErrorSum();
            part.add(Arrays.copyOfRange(model, from, to), Arrays.copyOfRange(golden, from, to));
            parts.add(part);
        }
        assertEquals(whole.nmse(), parts.nmse(), 1e-12);
    }

    @Test
    void constantGoldenHasNoScale() {
        ErrorSum error = new ErrorSum();
        error.add(new float[] {2, 2}, new float[] {2, 2});
        assertEquals(0, error.nmse(), 0);
        error.add(new float[] {3}, new float[] {2});
        assertEquals(Double.POSITIVE_INFINITY, error.nmse(), 0);
    }

    @Test
    void nanIsNeverSmall() {
        ErrorSum error = new ErrorSum();
        error.add(new float[] {Float.NaN, 1}, new float[] {0, 1});
        assertTrue(Double.isNaN(error.nmse()));
        assertTrue(Double.isNaN(error.maxAbs()));
    }

    @Test
    void quantilesInterpolateAsNumpyDoes() {
        double[] v = {1, 2, 3, 4};
        assertEquals(2.5, Quantiles.of(v, 0.5), 0);
        assertEquals(3.97, Quantiles.of(v, 0.99), 1e-12);
        assertEquals(4, Quantiles.of(v, 1), 0);
        assertEquals(7, Quantiles.of(new double[] {7}, 0.999), 0);
    }

    @Test
    void standardErrorByHand() {
        // 1, 2, 3, 4: sample variance 5/3, ÷ 4.
        assertEquals(Math.sqrt(5.0 / 12), Quantiles.standardError(new double[] {1, 2, 3, 4}), 1e-15);
    }
}
