package ingot.formats.quantized;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.formats.block.Int8;
import ingot.formats.block.Iq4;

/**
 * Whether an integer layout of ours holds a matrix as it is: every one of its groups lies within one of the source's, every
 * scale is an f16, every code is in range. Then storing codes and scales again loses nothing.
 */
public final class CarriedCodes {
    private static final int SCAN = 1 << 18;

    private CarriedCodes() {}

    /** The answer that groups, scales and zero points allow; the codes themselves are not read. */
    public static boolean mayHold(IntegerMatrix matrix, Grouped layout) {
        return fitsGroups(matrix, layout) && codesMayFit(matrix, layout) && scalesAreF16(matrix);
    }

    /** The answer; reads the codes where the zero points leave it open. */
    public static boolean holds(IntegerMatrix matrix, Grouped layout) {
        boolean gaps = layout instanceof Iq4;
        return mayHold(matrix, layout)
                && ((!gaps && matrix.range().within(layout.low(), layout.high())) || codesFit(matrix, layout));
    }

    /** For every group of {@code layout} the group of the source it lies in. */
    public static int[] sourceGroups(IntegerMatrix matrix, Grouped layout) {
        Blocks blocks = layout.blocks(matrix.rows(), matrix.cols());
        int[] groupOf = matrix.groupOf();
        int[] sources = new int[blocks.groups()];
        for (int g = 0; g < sources.length; g++) {
            sources[g] = groupOf[g * blocks.group()];
        }
        return sources;
    }

    private static boolean fitsGroups(IntegerMatrix matrix, Grouped layout) {
        Blocks blocks = layout.blocks(matrix.rows(), matrix.cols());
        int[] groupOf = matrix.groupOf();
        for (int k = 0; k < groupOf.length; k++) {
            if (groupOf[k] != groupOf[k / blocks.group() * blocks.group()]) {
                return false;
            }
        }
        return true;
    }

    /** An int4 source is known by its zeros; where those of an 8-bit one are 127 it takes a look at every code. */
    private static boolean codesMayFit(IntegerMatrix matrix, Grouped layout) {
        return layout instanceof Int8
                ? matrix.range().within(-128, 128)
                : matrix.range().within(layout.value(layout.low()), layout.value(layout.high()));
    }

    private static boolean codesFit(IntegerMatrix matrix, Grouped layout) {
        int step = Math.max(1, SCAN / matrix.cols());
        int[] codes = new int[Math.multiplyExact(step, matrix.cols())];
        for (long row = 0; row < matrix.rows(); row += step) {
            int n = (int) Math.min(step, matrix.rows() - row);
            matrix.codes(row, n, codes);
            for (int i = 0; i < n * matrix.cols(); i++) {
                if (!layout.has(codes[i])) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean scalesAreF16(IntegerMatrix matrix) {
        int step = Math.max(1, SCAN / matrix.groups());
        float[] scales = new float[Math.multiplyExact(step, matrix.groups())];
        for (long row = 0; row < matrix.rows(); row += step) {
            int n = (int) Math.min(step, matrix.rows() - row);
            matrix.scales(row, n, scales);
            for (int i = 0; i < n * matrix.groups(); i++) {
                if (!Float.isFinite(scales[i]) || Float.float16ToFloat(Float.floatToFloat16(scales[i])) != scales[i]) {
                    return false;
                }
            }
        }
        return true;
    }
}
