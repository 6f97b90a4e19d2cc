package ingot.quant.scheme;

import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
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
import ingot.runtime.verify.ErrorSum;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Stores a matrix that comes quantized with the codes and scales it has: nothing is rounded. What was encoded is
 * decoded again as readers do and compared with the dequantized weights; the error reported is 0 because it was found to be.
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

    /**
     * Decodes rows as they will be stored, into {@code blocks.stored}.
     *
     * @throws IllegalStateException when a weight is not the one that was meant, which is a defect of the layout
     */
    private static void verify(RowBlocks blocks, Layout layout, List<MemorySegment> parts, int rows, int cols) {
        for (int row = 0; row < rows; row++) {
            layout.decodeRow(rows, cols, parts, row, blocks.stored, row * cols);
        }
        for (int i = 0; i < rows * cols; i++) {
            if (blocks.stored[i] != blocks.weights[i]) { // 0 and −0 are the same
                throw new IllegalStateException("carried " + layout.describe() + " stores " + blocks.stored[i]
                        + " for the weight " + blocks.weights[i] + " in column " + i % cols);
            }
        }
    }

    /** Integer codes with f16 scales; a group of the source may become several. */
    record Integers(IntegerMatrix matrix, Grouped layout) implements Carried {
        @Override
        public double encode(MatrixSource source, PartSink sink) {
            ErrorSum error = new ErrorSum();
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
                    for (int i = 0; i < codes.length; i++) {
                        narrow[i] = (byte) layout.code(codes[i]);
                    }
                    List<MemorySegment> parts = blocks.parts(layout, rows);
                    layout.encode(rows, cols, narrow, f16, parts);
                    verify(blocks, layout, parts, rows, cols);
                    for (int i = 0; i < parts.size(); i++) {
                        sink.write(i, parts.get(i));
                    }
                    blocks.addTo(error, rows);
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
            ErrorSum error = new ErrorSum();
            int cols = matrix.cols();
            int groups = cols / Nf4.GROUP;
            Nf4 plain = new Nf4(false);
            Optional<DoubleQuantized> nested = layout.doubleQuant() ? matrix.nested() : Optional.empty();
            long first = 0;
            try (RowBlocks blocks = new RowBlocks(source)) {
                for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
                    byte[] codes = new byte[rows * cols];
                    matrix.codes(first, rows, codes);
                    long at = first * groups;
                    float[] absmax = nested.isPresent()
                            ? scales(nested.get(), Math.toIntExact(at), rows * groups)
                            : matrix.absmax(at, rows * groups);
                    List<MemorySegment> parts = blocks.parts(plain, rows);
                    layout.encodeCodes(rows, cols, codes, parts.getFirst());
                    plain.encodeAbsmax(rows, cols, absmax, parts.get(1));
                    verify(blocks, plain, parts, rows, cols);
                    sink.write(0, parts.getFirst());
                    if (nested.isEmpty()) {
                        sink.write(1, parts.get(1));
                    }
                    blocks.addTo(error, rows);
                    first += rows;
                }
            }
            nested.ifPresent(scales -> Nf4Rtn.writeScales(layout, source, scales, sink));
            return error.nmse();
        }

        /** What a reader makes of scales that are quantized themselves. */
        private static float[] scales(DoubleQuantized from, int first, int n) {
            float[] out = new float[n];
            for (int i = 0; i < n; i++) {
                float nested = from.nested()[(first + i) / Nf4.NESTED];
                out[i] = DynamicMap.value(from.codes()[first + i] & 0xFF) * nested + from.offset();
            }
            return out;
        }
    }
}
