package ingot.quant.gptq;

/**
 * A table of numbers, ascending; codes are indices.
 *
 * @param levels at most 256, the first negative, the last positive; kept
 */
@SuppressWarnings("ArrayRecordComponent") // a constant table, never compared
public record TableGrid(float[] levels, boolean signed) implements Grid {
    @Override
    public float nearest(float x) {
        return levels[index(x)];
    }

    private int index(float x) {
        int from = 0;
        int to = levels.length - 1;
        while (to - from > 1) {
            int middle = (from + to) >>> 1;
            if (x < levels[middle]) {
                to = middle;
            } else {
                from = middle;
            }
        }
        return x - levels[from] > levels[to] - x ? to : from;
    }

    @Override
    public byte code(float level) {
        return (byte) index(level);
    }

    @Override
    public float low() {
        return levels[0];
    }

    @Override
    public float high() {
        return levels[levels.length - 1];
    }

    @Override
    public int steps() {
        return levels.length - 1;
    }
}
