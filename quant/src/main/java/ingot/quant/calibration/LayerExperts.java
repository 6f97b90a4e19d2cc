package ingot.quant.calibration;

import java.util.List;

/**
 * How many tokens of the calibration set the router of a layer sent to each expert. They sum up to the tokens of the set
 * times the experts of a token.
 *
 * @param layer its number
 * @param tokens by the expert's number
 */
public record LayerExperts(int layer, List<Integer> tokens) {
    /** Experts that saw a smaller share of the tokens are rounded to nearest. */
    private static final double LEAST_SHARE = 0.005;

    public LayerExperts {
        tokens = List.copyOf(tokens);
    }

    /** Fewest tokens that an expert is calibrated on, of a set of {@code tokens}. */
    public static int least(int tokens) {
        return (int) Math.ceil(LEAST_SHARE * tokens);
    }
}
