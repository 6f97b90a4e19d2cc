package ingot.runtime.kernel;

import java.util.Arrays;

/**
 * Splits the blocks of one or several matrices into tasks for a pool whose threads claim them in order: a task is what is left ÷
 * (2 · threads), so that most weights pass in long runs, which the memory likes (every task begins with nothing fetched ahead),
 * and the end is fine enough that threads finish together.
 * Source: guided self-scheduling, Polychronopoulos and Kuck, IEEE Transactions on Computers C-36 (1987).
 *
 * <p>Kept and filled again, as the token loop makes no garbage. For one calling thread; tasks may read it.
 */
public final class GuidedSplit {
    /** Bytes that make a task worth claiming. */
    private static final long LEAST = 32 << 10;

    private int[] part = new int[32];
    private int[] first = new int[32];
    private int[] count = new int[32];
    private int tasks;
    private int parts;
    private int threads = 1;
    private long left;
    private long most;

    /**
     * Begins anew.
     *
     * @param bytes of everything that will be added
     * @param most bytes of a task that passes more than once, which stay in the cache meanwhile; a task has a block at least
     */
    public void begin(long bytes, int threads, long most) {
        this.tasks = 0;
        this.parts = 0;
        this.threads = threads;
        this.left = bytes;
        this.most = most;
    }

    /** Adds the tasks of the next matrix. */
    public void add(int blocks, long blockBytes) {
        for (int block = 0; block < blocks; tasks++) {
            long bytes = Math.min(most, Math.max(LEAST, left / (2L * threads)));
            int n = (int) Math.clamp(bytes / Math.max(1, blockBytes), 1, blocks - block);
            if (tasks == part.length) {
                part = Arrays.copyOf(part, 2 * tasks);
                first = Arrays.copyOf(first, 2 * tasks);
                count = Arrays.copyOf(count, 2 * tasks);
            }
            part[tasks] = parts;
            first[tasks] = block;
            count[tasks] = n;
            block += n;
            left -= n * blockBytes;
        }
        parts++;
    }

    /** Number of tasks. */
    public int tasks() {
        return tasks;
    }

    /** Which matrix a task belongs to, in the order in which they were added. */
    public int part(int task) {
        return part[task];
    }

    /** The first block of a task. */
    public int first(int task) {
        return first[task];
    }

    /** How many blocks a task has. */
    public int count(int task) {
        return count[task];
    }
}
