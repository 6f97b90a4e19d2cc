package ingot.tests.hostile;

import com.sun.management.ThreadMXBean;
import ingot.formats.IngotException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A target that is given inputs one after the other. Each is accepted, or refused by an exception that becomes one line and
 * exit code 65, 66 or 78; anything else is thrown on.
 */
final class FuzzRun {
    /** What one small input may make a reader allocate, all it throws away included. */
    static final long MAX_ALLOCATED = 64L << 20;

    private final FuzzTarget target;
    private final FuzzReader reader;
    private final long maxAllocated;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long mostAllocated;

    /** Bounded by {@link #MAX_ALLOCATED}. */
    FuzzRun(FuzzTarget target, Path folder) throws IOException {
        this(target, folder, MAX_ALLOCATED);
    }

    /** @param maxAllocated bytes that a small input may make the reader allocate */
    FuzzRun(FuzzTarget target, Path folder, long maxAllocated) throws IOException {
        this.target = target;
        this.maxAllocated = maxAllocated;
        this.reader = target.maker().in(Files.createDirectories(folder.resolve(target.label())));
    }

    FuzzTarget target() {
        return target;
    }

    /** Whether the input is accepted; {@link AssertionError} when it is refused in another way than promised. */
    boolean accepts(byte[] input) throws IOException {
        long before = threads.getCurrentThreadAllocatedBytes();
        boolean accepted = reads(input);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        mostAllocated = Math.max(mostAllocated, allocated);
        if (allocated > maxAllocated && input.length < 1 << 20) {
            throw new AssertionError(allocated + " bytes allocated for an input of " + input.length);
        }
        return accepted;
    }

    /** Bytes the most expensive input so far made the reader allocate. */
    long mostAllocated() {
        return mostAllocated;
    }

    private boolean reads(byte[] input) throws IOException {
        try {
            reader.read(input);
            return true;
        } catch (IngotException.BadData | IngotException.ConfigMismatch | IngotException.MissingInput e) {
            String message = String.valueOf(e.getMessage());
            if (message.length() > 1000 || message.chars().anyMatch(Character::isISOControl)) {
                throw new AssertionError("no line for a terminal: " + message, e);
            }
            return false;
        }
    }
}
