package ingot.quant.gptq;

/**
 * What rounding did to a run of weights; runs add up.
 *
 * @param squared Σ(stored − source)²
 * @param sum Σ source
 * @param squares Σ source²
 * @param count weights
 * @param weighted tr(E·(H + λI)·Eᵀ), λ the damping of the factor; 0 where nothing is known of the inputs
 * @param energy tr(W·(H + λI)·Wᵀ), alike
 */
public record RoundingError(double squared, double sum, double squares, long count, double weighted, double energy) {
    /** Compares weights with what is stored, without knowledge of their inputs. */
    public static RoundingError of(float[] source, float[] stored) {
        double e = 0;
        double s = 0;
        double q = 0;
        for (int i = 0; i < source.length; i++) {
            double d = (double) stored[i] - source[i];
            e += d * d;
            s += source[i];
            q += (double) source[i] * source[i];
        }
        return new RoundingError(e, s, q, source.length, 0, 0);
    }

    RoundingError withOutputs(double newWeighted, double newEnergy) {
        return new RoundingError(squared, sum, squares, count, newWeighted, newEnergy);
    }

    public RoundingError plus(RoundingError other) {
        return new RoundingError(
                squared + other.squared,
                sum + other.sum,
                squares + other.squares,
                count + other.count,
                weighted + other.weighted,
                energy + other.energy);
    }

    /** mean((stored − source)²) ÷ mean((source − mean)²); infinite for an error on a constant tensor. */
    public double nmse() {
        if (squared == 0) {
            return 0;
        }
        double variance = squares - sum * sum / count;
        return variance > 0 ? squared / variance : Double.POSITIVE_INFINITY;
    }

    /** The share of the outputs' energy that is error; NaN where nothing is known of the inputs. */
    public double weightedError() {
        return energy > 0 ? weighted / energy : Double.NaN;
    }
}
