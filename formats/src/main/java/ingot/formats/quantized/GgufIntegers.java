package ingot.formats.quantized;

import ingot.formats.TensorInfo;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.GgufModel;
import java.util.Optional;

/**
 * A matrix in GGUF blocks of integers with one scale: Q4_0, Q5_0, Q8_0, IQ4_NL, MXFP4. Scales are f16, those of MXFP4 powers
 * of two.
 *
 * @param codes the tensor of {@code model}
 * @param bounds of the integers of its type
 */
public record GgufIntegers(GgufModel model, TensorInfo codes, GgmlType.Integers bounds) implements IntegerMatrix {
    @Override
    public long rows() {
        return codes.shape().rows();
    }

    @Override
    public int cols() {
        return Math.toIntExact(codes.shape().cols());
    }

    private int group() {
        return model.storedType(codes).blockWeights();
    }

    @Override
    public int groups() {
        return cols() / group();
    }

    @Override
    public int[] groupOf() {
        return IntegerMatrix.evenGroups(cols(), group());
    }

    @Override
    public Range range() {
        return new Range(bounds.low(), bounds.high());
    }

    @Override
    public void codes(long first, int n, int[] out) {
        model.readIntegers(codes, first, n, out);
    }

    @Override
    public void scales(long first, int n, float[] out) {
        model.readScales(codes, first, n, out);
    }

    /** Known from the type: the scales lie between the codes, so reading them would read the whole file. */
    @Override
    public Optional<Layout> natural() {
        return Optional.of(range().within(-8, 7) ? new Int4(group()) : new Int8(group()));
    }

    @Override
    public String describe() {
        return GgufBlocks.name(model, codes);
    }
}
