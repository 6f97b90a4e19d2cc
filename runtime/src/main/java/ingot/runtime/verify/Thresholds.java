package ingot.runtime.verify;

import ingot.runtime.ModelInfo;
import ingot.runtime.WeightInfo;
import ingot.runtime.kv.KvType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What counts as right.
 *
 * @param maxNmse largest NMSE of any one prompt
 * @param minTop1 least share of positions whose most likely token agrees, over all prompts
 * @param maxKld largest mean KL divergence over all positions, in nats
 * @param greedy whether every token of the golden greedy continuations must come out
 */
public record Thresholds(OptionalDouble maxNmse, OptionalDouble minTop1, OptionalDouble maxKld, boolean greedy) {
    /** Weights as the reference had them: only the order of additions may differ. */
    public static final Thresholds EXACT =
            new Thresholds(OptionalDouble.of(1e-9), OptionalDouble.empty(), OptionalDouble.empty(), true);

    /** The same with gated DeltaNet, whose recurrent and chunked forms differ by more. */
    public static final Thresholds EXACT_RECURRENT =
            new Thresholds(OptionalDouble.of(1e-8), OptionalDouble.empty(), OptionalDouble.empty(), true);

    /** Weights rounded to 16 bits from something wider. */
    public static final Thresholds ROUNDED_16 = lossy(1e-4, 0.97, 1e-3);

    public static final Thresholds BITS_8 = lossy(0.01, 0.85, 0.01);

    /** So wide that models with random weights, which amplify rounding a hundredfold, stay inside; broken ones do not. */
    public static final Thresholds BITS_4 =
            new Thresholds(OptionalDouble.of(0.6), OptionalDouble.empty(), OptionalDouble.of(0.5), false);

    /** Types of about four bits, ours and those of GGUF: five-bit ones err too much for the bounds of eight. */
    private static final List<String> FOUR_BITS =
            List.of("int3", "int4", "int5", "nf4", "q2_", "q3_", "q4_", "q5_", "iq4", "mxfp4");

    /** Types of which six bits are already near enough to eight. */
    private static final List<String> EIGHT_BITS = List.of("int8", "int6", "q8", "q6");

    /** The default for a model: decided by the coarser of its coarsest weight matrix and its cache of keys and values. */
    public static Thresholds forModel(ModelInfo info) {
        boolean rounded = info.kvCache() == KvType.F16;
        int bits = info.kvCache() == KvType.INT8 ? 8 : 16;
        for (WeightInfo w : info.weights()) {
            String type = w.type().toLowerCase(Locale.ROOT);
            if (FOUR_BITS.stream().anyMatch(type::startsWith)) {
                bits = Math.min(bits, 4);
            } else if (EIGHT_BITS.stream().anyMatch(type::startsWith)) {
                bits = Math.min(bits, 8);
            } else {
                rounded |= w.nmse().orElse(0) > 0;
            }
        }
        return switch (bits) {
            case 4 -> BITS_4;
            case 8 -> BITS_8;
            default -> rounded ? ROUNDED_16 : exact(info);
        };
    }

    private static Thresholds exact(ModelInfo info) {
        return info.config().attention().linear().isPresent() ? EXACT_RECURRENT : EXACT;
    }

    /** These thresholds with the given ones in place of their own. */
    public Thresholds with(Optional<Double> nmse, Optional<Double> top1, Optional<Double> kld) {
        return new Thresholds(or(nmse, maxNmse), or(top1, minTop1), or(kld, maxKld), greedy);
    }

    private static OptionalDouble or(Optional<Double> given, OptionalDouble otherwise) {
        return given.map(OptionalDouble::of).orElse(otherwise);
    }

    private static Thresholds lossy(double nmse, double top1, double kld) {
        return new Thresholds(OptionalDouble.of(nmse), OptionalDouble.of(top1), OptionalDouble.of(kld), false);
    }
}
