package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Native memory that grows to the largest size asked for, so that steady work allocates nothing. For one thread at a time;
 * freed when it is not reachable any more.
 */
final class NativeScratch {
    /** A cache line. */
    private static final int ALIGNMENT = 64;

    private MemorySegment memory = MemorySegment.NULL;

    /** At least {@code bytes} bytes with unspecified content, valid until the next call. */
    MemorySegment bytes(long bytes) {
        if (memory.byteSize() < bytes) {
            memory = Arena.ofAuto().allocate(bytes, ALIGNMENT);
        }
        return memory;
    }

    /** {@code n} floats of {@code x} from {@code at} on, and zeros up to {@code padded}. */
    MemorySegment floats(float[] x, int at, int n, int padded) {
        MemorySegment to = bytes((long) padded * Float.BYTES);
        MemorySegment.copy(x, at, to, JAVA_FLOAT, 0, n);
        // A slice to be filled would be garbage of the token loop.
        for (int i = n; i < padded; i++) {
            to.setAtIndex(JAVA_FLOAT, i, 0);
        }
        return to;
    }
}
