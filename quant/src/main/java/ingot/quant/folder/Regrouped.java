package ingot.quant.folder;

import ingot.quant.scheme.IntegerCodes;
import java.util.Optional;

/** Codes whose scales are repeated for smaller groups: the same weights. */
public record Regrouped(IntegerCodes codes, int group) implements IntegerCodes {
    /** {@code codes} as {@code format} stores them; empty where it would have to round them. */
    public static Optional<IntegerCodes> fitting(IntegerCodes codes, IntegerFormat format) {
        int group = format.groupOf(codes.cols());
        boolean fits = codes.bits() <= format.bits()
                && (codes.group() % group == 0 || (codes.groups() == 1 && codes.group() >= group));
        return fits ? Optional.of(new Regrouped(codes, group)) : Optional.empty();
    }

    @Override
    public long rows() {
        return codes.rows();
    }

    @Override
    public int cols() {
        return codes.cols();
    }

    @Override
    public int bits() {
        return codes.bits();
    }

    @Override
    public void read(long first, int n, byte[] q, short[] scales) {
        short[] wide = new short[Math.multiplyExact(n, codes.groups())];
        codes.read(first, n, q, wide);
        for (int i = 0; i < n * groups(); i++) {
            int column = i % groups() * group;
            scales[i] = wide[i / groups() * codes.groups() + column / codes.group()];
        }
    }
}
