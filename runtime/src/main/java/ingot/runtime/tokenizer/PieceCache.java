package ingot.runtime.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Tokens of short pieces seen before in one text: a direct-mapped table whose keys are the pieces themselves, up to
 * {@value #MAX_BYTES} bytes in two longs with the length on top, so a hit is exact. A newcomer replaces what is in its
 * slot; memory is bounded by the number of slots, 36 bytes each.
 */
final class PieceCache {
    static final int MAX_BYTES = 15;
    private static final int MAX_IDS = 4;
    private static final int MIN_SLOTS = 1 << 6;
    private static final int MAX_SLOTS = 1 << 15;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Slot i has its key in 2i and 2i + 1. */
    private final long[] keys;
    /** Slot i has its tokens in 4i to 4i + 3. */
    private final int[] ids;

    private final byte[] counts;
    private final int shift;
    private long low;
    private long high;
    private int slot;

    private PieceCache(int slots) {
        this.keys = new long[2 * slots];
        this.ids = new int[MAX_IDS * slots];
        this.counts = new byte[slots];
        this.shift = 64 - Integer.numberOfTrailingZeros(slots);
    }

    /** A cache in proportion to a text of that many bytes, or null for one too short to repeat itself. */
    static @Nullable PieceCache forText(int bytes) {
        return bytes < 4 * MIN_SLOTS
                ? null
                : new PieceCache(Math.clamp(Integer.highestOneBit(bytes / 8), MIN_SLOTS, MAX_SLOTS));
    }

    /** Appends the tokens of the piece if they are known; else {@link #put} may follow with those it turns out to have. */
    boolean get(byte[] b, int from, int length, TokenBuffer out) {
        load(b, from, length);
        long hash = (low ^ high * 0xc2b2ae3d27d4eb4fL) * 0x9e3779b97f4a7c15L;
        slot = (int) (hash >>> shift);
        if (keys[2 * slot] != low || keys[2 * slot + 1] != high) {
            return false;
        }
        int count = counts[slot];
        if (count == 1) {
            out.add(ids[MAX_IDS * slot]);
        } else {
            out.addAll(ids, MAX_IDS * slot, count);
        }
        return true;
    }

    /** Remembers the tokens {@code out[from..]} of the piece asked for last. */
    void put(TokenBuffer out, int from) {
        int count = out.size() - from;
        if (count > MAX_IDS) {
            return;
        }
        keys[2 * slot] = low;
        keys[2 * slot + 1] = high;
        counts[slot] = (byte) count;
        for (int i = 0; i < count; i++) {
            ids[MAX_IDS * slot + i] = out.get(from + i);
        }
    }

    /** The top byte of {@code high} is the length, 1 to 15: no key is zero, so an empty slot matches nothing. */
    private void load(byte[] b, int from, int length) {
        long first;
        long second = 0;
        if (from + 16 <= b.length) {
            first = (long) LONG.get(b, from);
            if (length < 8) {
                first &= (1L << 8 * length) - 1;
            } else {
                second = (long) LONG.get(b, from + 8) & (1L << 8 * (length - 8)) - 1;
            }
        } else {
            first = 0;
            for (int i = 0; i < length; i++) {
                long value = b[from + i] & 0xffL;
                if (i < 8) {
                    first |= value << 8 * i;
                } else {
                    second |= value << 8 * (i - 8);
                }
            }
        }
        low = first;
        high = second | (long) length << 56;
    }
}
