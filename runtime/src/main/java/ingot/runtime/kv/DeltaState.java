package ingot.runtime.kv;

import ingot.runtime.kernel.KvRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a gated DeltaNet layer remembers: per value head a matrix S [keyDim][valueDim], and the last inputs of its causal
 * convolution. Its size does not depend on the number of tokens.
 *
 * <p>There are two memories. A call reads the settled one and writes the other, so that going back to where the call began
 * costs nothing: no copy per token.
 */
public final class DeltaState implements LayerState {
    private final Dims dims;
    private Memory settled;
    private Memory working;
    private int settledLength;
    private int length;
    private boolean ahead;

    /**
     * Sizes of the state.
     *
     * @param heads value heads
     * @param windowRows inputs the convolution looks back at: its width − 1
     * @param channels of the convolution
     */
    public record Dims(int heads, int keyDim, int valueDim, int windowRows, int channels) {}

    /** One memory. */
    public static final class Memory {
        private final float[] matrices;
        private final float[] window;
        private final List<KvRows> heads = new ArrayList<>();

        private Memory(Dims dims) {
            int perHead = Math.multiplyExact(dims.keyDim, dims.valueDim);
            matrices = new float[Math.multiplyExact(dims.heads, perHead)];
            window = new float[Math.multiplyExact(dims.windowRows, dims.channels)];
            for (int head = 0; head < dims.heads; head++) {
                heads.add(new KvRows(matrices, head * perHead, dims.valueDim, dims.valueDim));
            }
        }

        /** S of a value head: row i belongs to element i of the key. */
        public KvRows matrix(int head) {
            return heads.get(head);
        }

        /** The last inputs of the convolution [windowRows][channels], the newest last; zeros before the first token. */
        public float[] window() {
            return window;
        }

        private void clear() {
            Arrays.fill(matrices, 0);
            Arrays.fill(window, 0);
        }
    }

    /** An empty state; all of its memory is allocated here. */
    public DeltaState(Dims dims) {
        this.dims = dims;
        this.settled = new Memory(dims);
        this.working = new Memory(dims);
    }

    public Dims dims() {
        return dims;
    }

    /** What the next tokens read. */
    public Memory source() {
        return ahead ? working : settled;
    }

    /** What the next tokens write, all of it: the same as {@link #source} from the second chunk of a call on. */
    public Memory target() {
        return working;
    }

    /** {@link #target} now remembers {@code tokens} more. */
    public void advance(int tokens) {
        length += tokens;
        ahead = true;
    }

    @Override
    public long bytes(int positions) {
        return 2L * Float.BYTES * (settled.matrices.length + settled.window.length);
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void mark() {
        if (ahead) {
            Memory written = working;
            working = settled;
            settled = written;
            ahead = false;
        }
        settledLength = length;
    }

    @Override
    public int restorable(int newLength) {
        if (newLength >= length) {
            return length;
        }
        return newLength >= settledLength ? settledLength : 0;
    }

    @Override
    public void truncate(int newLength) {
        if (newLength < 0 || newLength > length || restorable(newLength) != newLength) {
            throw new IllegalArgumentException("cannot go back from " + length + " positions to " + newLength
                    + "; this state keeps 0, " + settledLength + " and " + length);
        }
        if (newLength < length) {
            if (newLength < settledLength) {
                settled.clear();
                settledLength = 0;
            }
            ahead = false;
            length = newLength;
        }
    }
}
