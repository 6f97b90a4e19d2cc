package ingot.quant.calibration;

import java.util.List;

/**
 * What rounding costs.
 *
 * @param group what is rounded, all else being as in the source
 * @param damage mean Kullback-Leibler divergence of the next-token distributions from the source's, in nats per token,
 *     by candidate type
 */
public record Sensitivity(WeightGroup group, List<Double> damage) {
    public Sensitivity {
        damage = List.copyOf(damage);
    }
}
