package ingot.quant.calibration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Shape;
import ingot.formats.block.Layout;
import ingot.quant.ConvertOptions;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Units;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Types are compared by what is known of all of them. */
final class CandidateErrorsTest {
    private static final int N = 128;
    private static final List<Layout> TYPES = List.of(ConvertOptions.layout("int4"), CandidateErrors.PROBE);
    private static final Rounding FEEDBACK = new Rounding.Feedback(Order.Kind.ACTIVATION, 0);

    private final Kernels kernels = Kernels.create(Backend.SCALAR, 0, 1);

    @AfterEach
    void end() {
        kernels.close();
    }

    /** Small numbers on the diagonal, and multiples of {@code b} elsewhere: indefinite where b is large. */
    private static float[] hessian(long seed, float b) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] h = new float[N * N];
        for (int i = 0; i < N; i++) {
            h[i * N + i] = (float) random.nextDouble(1, 2);
            for (int j = 0; j < i; j++) {
                h[i * N + j] = h[j * N + i] = b * (float) random.nextDouble(-1, 1);
            }
        }
        return h;
    }

    private boolean factors(long seed, float b, int unit) {
        try {
            Factor.of(hessian(seed, b), N, new Units(unit, unit), Order.Kind.ACTIVATION, kernels.blas());
            return true;
        } catch (Factor.Impossible e) {
            return false;
        }
    }

    /** The largest f32 between {@code good} and {@code bad} whose Hessian has a factor, in groups of {@code unit}. */
    private float last(long seed, int unit) {
        int good = Float.floatToIntBits(0.01f);
        int bad = Float.floatToIntBits(1e4f);
        assertTrue(factors(seed, Float.intBitsToFloat(good), unit) && !factors(seed, Float.intBitsToFloat(bad), unit));
        while (bad - good > 1) {
            int middle = (good + bad) >>> 1;
            if (factors(seed, Float.intBitsToFloat(middle), unit)) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        return Float.intBitsToFloat(good);
    }

    /** At the edge of what can be factored one order of columns has a factor and another one has none. */
    @Test
    void aCandidateWithoutAFactorDoesNotWin() {
        long seed = 0;
        float b = 0;
        while (b == 0 || factors(seed, b, 32) == factors(seed, b, 64)) {
            assertTrue(++seed < 20, "no Hessian tells the orders apart");
            b = Math.max(last(seed, 32), last(seed, 64));
        }
        WeightSpec spec = new WeightSpec("w", new Shape(3, N), WeightSpec.Role.LINEAR);
        CandidateErrors.Errors errors = measured(spec, hessian(seed, b));
        assertArrayEquals(new double[2], errors.outputs());
        assertTrue(errors.squares()[0] > 0 && errors.squares()[1] > 0);
        CandidateErrors.Errors known = measured(spec, hessian(seed, 0.01f));
        assertTrue(known.outputs()[0] > 0 && known.outputs()[1] > 0);
    }

    private CandidateErrors.Errors measured(WeightSpec spec, float[] h) {
        ToyModel.Weights weights = new ToyModel.Weights("int4");
        CandidateErrors candidates = new CandidateErrors(kernels, weights, FEEDBACK, TYPES);
        CandidateErrors.Errors errors = candidates.none();
        candidates.measure(List.of(CandidateErrors.sample(spec, weights.read(spec), 3, errors)), h, factor -> {});
        return errors;
    }
}
