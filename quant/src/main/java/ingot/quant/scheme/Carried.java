package ingot.quant.scheme;

import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.Grouped;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.quantized.Bnb4Matrix;
import ingot.formats.quantized.Bnb8Matrix;
import ingot.formats.quantized.CarriedCodes;
import ingot.formats.quantized.FloatMatrix;
import ingot.formats.quantized.GgufBlocks;
import ingot.formats.quantized.IntegerMatrix;
import ingot.formats.quantized.Packed;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Stores a matrix that comes quantized with the codes and scales it has: nothing is rounded. The stored weights are compared
 * with the dequantized ones all the same; the error reported is 0 because it was found to be.
 */
public sealed interface Carried extends Scheme {
    /** The scheme that stores {@code packed} in {@code layout} as it is; empty where the layout cannot hold it. */
    static Optional<Scheme> scheme(Packed packed, Layout layout) {
        return switch (packed) {
            case IntegerMatrix matrix ->
                layout instanceof Grouped grouped && CarriedCodes.holds(matrix, grouped)
                        ? Optional.of(new Integers(matrix, grouped))
                        : Optional.empty();
            case Bnb4Matrix matrix ->
                layout instanceof Nf4 nf4 && matrix.holds(nf4)
                        ? Optional.of(new Normal(matrix, nf4))
                        : Optional.empty();
            case Bnb8Matrix none -> Optional.empty();
            case FloatMatrix none -> Optional.empty();
            case GgufBlocks none -> Optional.empty();
        };
    }

    @Override
    default String method() {
        return "exact";
    }

    /** Integer codes with f16 scales; a group of the source may become several. */
    record Integers(IntegerMatrix matrix, Grouped layout) implements Carried {
        @Override
        public double encode(MatrixSource source, PartSink sink) {
            ErrorMeter error = new ErrorMeter();
            int cols = matrix.cols();
            int[] groups = CarriedCodes.sourceGroups(matrix, layout);
            long first = 0;
            try (RowBlocks blocks = new RowBlocks(source)) {
                for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                    int[] codes = new int[rows * cols];
                    float[] scales = new float[rows * matrix.groups()];
                    matrix.codes(first, rows, codes);
                    matrix.scales(first, rows, scales);
                    byte[] narrow = new byte[codes.length];
                    short[] f16 = new short[rows * groups.length];
                    for (int i = 0; i < f16.length; i++) {
                        int row = i / groups.length;
                        f16[i] = Float.floatToFloat16(scales[row * matrix.groups() + groups[i % groups.length]]);
                    }
                    int group = layout.blocks(rows, cols).group();
                    for (int i = 0; i < codes.length; i++) {
                        narrow[i] = (byte) layout.code(codes[i]);
                        short scale = f16[i / cols * groups.length + i % cols / group];
                        blocks.stored[i] = codes[i] * Float.float16ToFloat(scale);
                    }
                    List<MemorySegment> parts = blocks.parts(layout, rows);
                    layout.encode(rows, cols, narrow, f16, parts);
                    for (int i = 0; i < parts.size(); i++) {
                        sink.write(i, parts.get(i));
                    }
                    error.add(blocks.weights, blocks.stored, codes.length);
                    first += rows;
                }
            }
            return error.nmse();
        }
    }

    /** NF4 codes with their absmax, nested or not. */
    record Normal(Bnb4Matrix matrix, Nf4 layout) implements Carried {
        @Override
        public double encode(MatrixSource source, PartSink sink) {
            ErrorMeter error = new ErrorMeter();
            int cols = matrix.cols();
            int groups = cols / Nf4.GROUP;
            float[] values = Nf4.values();
            long first = 0;
            try (RowBlocks blocks = new RowBlocks(source)) {
                for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                    byte[] codes = new byte[rows * cols];
                    matrix.codes(first, rows, codes);
                    float[] absmax = matrix.absmax(first * groups, rows * groups);
                    for (int i = 0; i < codes.length; i++) {
                        blocks.stored[i] = values[codes[i]] * absmax[i / Nf4.GROUP];
                    }
                    List<MemorySegment> parts = blocks.parts(layout, rows);
                    layout.encodeCodes(rows, cols, codes, parts.getFirst());
                    sink.write(0, parts.getFirst());
                    if (!layout.doubleQuant()) {
                        layout.encodeAbsmax(rows, cols, absmax, parts.get(1));
                        sink.write(1, parts.get(1));
                    }
                    error.add(blocks.weights, blocks.stored, codes.length);
                    first += rows;
                }
            }
            if (layout.doubleQuant()) {
                DoubleQuantized scales = matrix.nested().orElseThrow();
                Nf4Rtn.writeScales(layout, source, scales, sink);
            }
            return error.nmse();
        }
    }
}
