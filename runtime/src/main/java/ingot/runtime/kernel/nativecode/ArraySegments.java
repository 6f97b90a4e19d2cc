package ingot.runtime.kernel.nativecode;

import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Segments of arrays that calls use again and again: weights and buffers. Made for every call they would be the garbage of the
 * token loop, 16 bytes each that the compiler does not do without. The collector may take them, and the arrays with them.
 */
final class ArraySegments {
    /** Many more than a model has norms, biases and buffers. */
    private static final int SLOTS = 8192;

    /** Where an array's segment may be: two arrays that meet in a single place would make each other's anew for every token. */
    private static final int WAYS = 4;

    private static final int NONE = -1;

    private final AtomicReferenceArray<@Nullable WeakReference<Held>> table = new AtomicReferenceArray<>(SLOTS);

    @SuppressWarnings("ArrayRecordComponent") // compared by identity
    private record Held(float[] array, MemorySegment segment) {}

    MemorySegment of(float[] x) {
        int first = System.identityHashCode(x);
        int free = NONE;
        for (int i = 0; i < WAYS; i++) {
            int slot = first + i & SLOTS - 1;
            WeakReference<Held> there = table.getAcquire(slot);
            Held held = there == null ? null : there.get();
            if (held != null && held.array == x) {
                return held.segment;
            }
            free = held == null && free == NONE ? slot : free;
        }
        Held held = new Held(x, MemorySegment.ofArray(x));
        table.setRelease(free == NONE ? first & SLOTS - 1 : free, new WeakReference<>(held));
        return held.segment;
    }
}
