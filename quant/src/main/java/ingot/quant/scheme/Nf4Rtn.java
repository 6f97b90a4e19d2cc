package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.runtime.verify.ErrorSum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * NF4 by round-to-nearest, bit for bit as bitsandbytes where 64 divides the columns: x = w · (1 ÷ absmax), then a
 * comparison with the midpoints of neighbouring values, a tie going to the lower one. With double quantization the codes
 * still come from the exact absmax, which is quantized afterwards.
 */
public record Nf4Rtn(Nf4 layout) implements Scheme {
    @Override
    public String method() {
        return "rtn";
    }

    @Override
    public double encode(MatrixSource source, PartSink sink) {
        Blocks geometry = Blocks.of(source.rows(), source.cols(), Nf4.GROUP);
        try (RowBlocks blocks = new RowBlocks(source)) {
            if (!layout.doubleQuant()) {
                return pass(source, blocks, geometry, null, sink);
            }
            float[] absmax = new float[Math.toIntExact(Math.multiplyExact(source.rows(), (long) geometry.groups()))];
            for (int rows = blocks.advance(), at = 0; rows > 0; rows = blocks.advance()) {
                absmax(blocks.weights, rows, source.cols(), geometry.groups(), absmax, at);
                at += rows * geometry.groups();
            }
            blocks.rewind();
            DoubleQuantized scales = DoubleQuantized.of(absmax);
            double nmse = pass(source, blocks, geometry, dequantize(scales), sink);
            writeScales(layout, source, scales, sink);
            return nmse;
        }
    }

    /** @param effective the scales a reader will use, where they differ from the exact ones */
    private double pass(
            MatrixSource source, RowBlocks blocks, Blocks geometry, float @Nullable [] effective, PartSink sink) {
        ErrorSum error = new ErrorSum();
        int cols = source.cols();
        int groups = geometry.groups();
        int firstScale = 0;
        for (int rows = blocks.advance(); rows > 0; rows = blocks.advance()) {
            float[] absmax = new float[rows * groups];
            absmax(blocks.weights, rows, cols, groups, absmax, 0);
            byte[] codes = new byte[rows * cols];
            for (int i = 0; i < codes.length; i++) {
                int scale = i / cols * groups + i % cols / Nf4.GROUP;
                codes[i] = (byte) nearest(blocks.weights[i] * (1 / absmax[scale]));
                float used = effective == null ? absmax[scale] : effective[firstScale + scale];
                blocks.stored[i] = VALUES[codes[i]] * used;
            }
            List<MemorySegment> parts = blocks.parts(layout, rows);
            layout.encodeCodes(rows, cols, codes, parts.getFirst());
            sink.write(0, parts.getFirst());
            if (!layout.doubleQuant()) {
                layout.encodeAbsmax(rows, cols, absmax, parts.get(1));
                sink.write(1, parts.get(1));
            }
            blocks.addTo(error, rows);
            firstScale += rows * groups;
        }
        return error.nmse();
    }

    private static void absmax(float[] w, int rows, int cols, int groups, float[] out, int at) {
        for (int row = 0; row < rows; row++) {
            for (int g = 0; g < groups; g++) {
                float max = 0;
                for (int k = g * Nf4.GROUP; k < Math.min(cols, (g + 1) * Nf4.GROUP); k++) {
                    max = Math.max(max, Math.abs(w[row * cols + k]));
                }
                out[at + row * groups + g] = max;
            }
        }
    }

    /** The scales a reader computes, in its order of roundings. */
    public static float[] dequantize(DoubleQuantized scales) {
        float[] out = new float[scales.codes().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = DynamicMap.value(scales.codes()[i] & 0xFF) * scales.nested()[i / Nf4.NESTED] + scales.offset();
        }
        return out;
    }

    /** Writes the scales of a whole matrix, quantized themselves. */
    static void writeScales(Nf4 layout, MatrixSource source, DoubleQuantized scales, PartSink sink) {
        List<Part> parts = layout.parts(source.rows(), source.cols());
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> out = new ArrayList<>();
            for (Part part : parts.subList(1, parts.size())) {
                out.add(arena.allocate(part.bytes(), 64));
            }
            layout.encodeScales(source.rows(), source.cols(), scales, out);
            for (int i = 0; i < out.size(); i++) {
                sink.write(i + 1, out.get(i));
            }
        }
    }

    private static final float[] VALUES = Nf4.values();

    /** Midpoints of neighbouring values; a weight must exceed one to take the upper value. */
    private static final float[] THRESHOLDS = thresholds();

    private static float[] thresholds() {
        float[] t = new float[VALUES.length - 1];
        for (int i = 0; i < t.length; i++) {
            t[i] = (VALUES[i] + VALUES[i + 1]) / 2;
        }
        return t;
    }

    /** Index of the nearest value; NaN (0 · ∞, a group of zeros) has index 0 there, and its scale is 0. */
    public static int nearest(float x) {
        if (Float.isNaN(x)) {
            return Nf4.ZERO;
        }
        int code = 0;
        for (float t : THRESHOLDS) {
            code += x > t ? 1 : 0;
        }
        return code;
    }
}
