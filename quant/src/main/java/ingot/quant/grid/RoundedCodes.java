package ingot.quant.grid;

import ingot.quant.scheme.IntegerCodes;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.verify.ErrorSum;
import java.util.Arrays;

/**
 * A matrix rounded to integers with one f16 scale per row and group while it is read. 4 bits: the scale of least squared
 * error; 8 bits: largest magnitude ÷ 127. Read every row once, in order: the error is of the rows read so far.
 */
public final class RoundedCodes implements IntegerCodes {
    private final MatrixSource source;
    private final int bits;
    private final int group;
    private final BlockLevels levels;
    private final ErrorSum error = new ErrorSum();

    /** @param group columns per scale, at most as many as there are */
    public RoundedCodes(MatrixSource source, int bits, int group) {
        this.source = source;
        this.bits = bits;
        this.group = group;
        this.levels = bits == 4 ? new BlockLevels.Linear(-8, 7) : new BlockLevels.Linear(-127, 127);
    }

    @Override
    public long rows() {
        return source.rows();
    }

    @Override
    public int cols() {
        return source.cols();
    }

    @Override
    public int group() {
        return group;
    }

    @Override
    public int bits() {
        return bits;
    }

    @Override
    public void read(long first, int n, byte[] codes, short[] scales) {
        int cols = cols();
        float[] w = new float[Math.multiplyExact(n, cols)];
        float[] ones = new float[w.length];
        Arrays.fill(ones, 1);
        source.read(first, n, w);
        float[] stored = new float[w.length];
        for (int row = 0; row < n; row++) {
            for (int g = 0; g < groups(); g++) {
                int from = row * cols + g * group;
                int size = Math.min(group, cols - g * group);
                short scale = BlockChooser.f16(scale(new ScaleSearch.Group(w, ones, from, size)), source);
                float s = Float.float16ToFloat(scale);
                float inverse = s == 0 ? 0 : 1 / s;
                scales[row * groups() + g] = scale;
                for (int i = from; i < from + size; i++) {
                    codes[i] = (byte) levels.nearest(w[i] * inverse);
                    stored[i] = codes[i] * s;
                }
            }
        }
        error.add(stored, w);
    }

    private float scale(ScaleSearch.Group group) {
        return bits == 4 ? ScaleSearch.symmetric(levels, group) : ScaleSearch.extreme(group) / 127;
    }

    /** mean((stored − source)²) ÷ mean((source − mean)²) of the rows read. */
    public double nmse() {
        return error.nmse();
    }
}
