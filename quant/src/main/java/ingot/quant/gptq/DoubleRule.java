package ingot.quant.gptq;

import ingot.formats.block.Blocks;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Nf4;

/**
 * Scales that are quantized themselves: 256 neighbours share a factor and all share an offset, both taken from the weights
 * before any feedback, as these have to be known before the first scale is chosen.
 */
@SuppressWarnings("ArrayRecordComponent") // tables, never compared
record DoubleRule(DoubleQuantized start, int groups) implements ScaleRule {
    static DoubleRule of(float[] w, Blocks geometry) {
        int cols = geometry.cols();
        int rows = Math.toIntExact(geometry.rows());
        float[] absmax = new float[rows * geometry.groups()];
        for (int i = 0; i < w.length; i++) {
            int at = i / cols * geometry.groups() + i % cols / geometry.group();
            absmax[at] = Math.max(absmax[at], Math.abs(w[i]));
        }
        return new DoubleRule(DoubleQuantized.of(absmax), geometry.groups());
    }

    @Override
    public Scaling storable(int row, int group, Scaling wanted) {
        int at = row * groups + group;
        return Scaling.of(value(code(at, wanted.scale()), at));
    }

    private int code(int at, float scale) {
        float nested = start.nested()[at / Nf4.NESTED];
        return nested == 0 ? DynamicMap.ZERO : DynamicMap.nearest((scale - start.offset()) / nested);
    }

    /** The code of a storable scale: dividing it again may round to a neighbour. */
    private int exact(int at, float scale) {
        int near = code(at, scale);
        for (int code = Math.max(0, near - 1); code <= Math.min(DynamicMap.SIZE - 1, near + 1); code++) {
            if (value(code, at) == scale) {
                return code;
            }
        }
        return near;
    }

    private float value(int code, int at) {
        return DynamicMap.value(code) * start.nested()[at / Nf4.NESTED] + start.offset();
    }

    DoubleQuantized codes(float[] scales) {
        byte[] codes = new byte[scales.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) exact(i, scales[i]);
        }
        return new DoubleQuantized(codes, start.nested(), start.offset());
    }
}
