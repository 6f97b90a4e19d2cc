package ingot.quant.scheme;

import ingot.formats.block.Grouped;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.quant.scheme.MatrixSource.StoredRows;
import ingot.runtime.kernel.GroupRounding;
import java.util.Optional;

/**
 * Round-to-nearest on a symmetric integer grid: q = round(w ÷ scale), ties away from zero.
 *
 * <p>int8: scale = max|w| ÷ 127 (GGUF's Q8_0). Fewer bits: scale = m ÷ −2^(bits−1) where m is the weight of largest
 * magnitude with its sign, so that all codes are used and m is met (GGUF's Q4_0 and Q5_0).
 *
 * @param layout any but {@link Iq4}
 */
public record IntegerRtn(Grouped layout) implements GroupRtn {
    public IntegerRtn {
        if (layout instanceof Iq4) {
            throw new IllegalArgumentException(layout.describe() + " has no grid of integers");
        }
    }

    /** In machine code where that is there for the matrix, with the same result. */
    @Override
    public double encode(MatrixSource source, PartSink sink) {
        Optional<StoredRows> rows = source.stored();
        Optional<GroupRounding> rounding = rows.flatMap(r -> GroupRounding.generated(layout, r.type(), source.cols()));
        if (rounding.isEmpty()) {
            return GroupRtn.super.encode(source, sink);
        }
        try (GroupRounding generated = rounding.get();
                RowBlocks blocks = new RowBlocks(source)) {
            return new GeneratedRtn(this, rows.orElseThrow(), generated, blocks).encode(sink);
        }
    }

    private float scale(float extreme) {
        return switch (layout) {
            case Int8 eight -> Math.abs(extreme) / eight.high();
            case Int4 four -> extreme / four.low();
            case IntN few -> extreme / few.low();
            case Iq4 none -> throw new IllegalStateException();
        };
    }

    @Override
    public short group(RowBlocks blocks, int from, int to, byte[] codes) {
        float[] weights = blocks.weights;
        short bits = F16Scale.of(scale(GroupRtn.extreme(weights, from, to)), blocks.source());
        float scale = Float.float16ToFloat(bits);
        float inverse = scale == 0 ? 0 : 1 / scale;
        int low = layout.lowest();
        int high = layout.high();
        for (int i = from; i < to; i++) {
            float x = weights[i] * inverse;
            int q = Math.clamp((int) (x + Math.copySign(0.5f, x)), low, high);
            codes[i] = (byte) q;
            blocks.stored[i] = q * scale;
        }
        return bits;
    }
}
