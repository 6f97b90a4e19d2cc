package ingot.cli.render;

import ingot.cli.render.Plot.Side;
import java.util.List;

/**
 * What other conversions of one small trained model lose, as a measure for the eye: the figures of docs/quality.md (the
 * bundled model of 5.8 million parameters, {@code evaluation.txt}, windows of 256 tokens).
 *
 * @param side where the name stands in a plot
 */
record ReferencePoints(String name, double bits, double kld, Side side) {
    /** llama.cpp, all but Q8_0 with an importance matrix; from the weights as its files decode. */
    static final List<ReferencePoints> PEER = List.of(
            new ReferencePoints("IQ4_XS", 4.69, .00373, Side.LEFT),
            new ReferencePoints("Q4_K_S", 4.92, .00294, Side.ABOVE),
            new ReferencePoints("Q4_K_M", 5.06, .00307, Side.RIGHT),
            new ReferencePoints("Q5_K_M", 5.79, .00100, Side.RIGHT),
            new ReferencePoints("Q8_0", 8.52, .000046, Side.ABOVE));

    /** Ingot: types for a budget, and int8 with error feedback. */
    static final List<ReferencePoints> OURS = List.of(
            new ReferencePoints("auto 4.25bpw", 4.25, .00181, Side.LEFT),
            new ReferencePoints("auto 4.67bpw", 4.67, .00102, Side.LEFT),
            new ReferencePoints("auto 4.9bpw", 4.90, .00077, Side.LEFT),
            new ReferencePoints("auto 5.78bpw", 5.78, .000226, Side.LEFT),
            new ReferencePoints("int8 gptq", 8.52, .000020, Side.ABOVE));
}
