package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * What {@link QuantizeCode} does, in Java: for instruction sets that it is not generated for.
 *
 * @param largest magnitude of an integer
 */
record Rounding(UnitRecord form, float largest) {
    private static final int MAGNITUDE = 0x7FFF_FFFF;

    /** Rounds {@code units} units of {@code x} to records {@code stride} bytes apart. */
    void round(MemorySegment x, MemorySegment records, int units, int stride) {
        for (int unit = 0; unit < units; unit++) {
            unit(x, (long) unit * UnitRecord.COLUMNS, records, (long) unit * stride);
        }
    }

    private void unit(MemorySegment x, long first, MemorySegment records, long at) {
        int max = UnitRecord.TINY_BITS;
        for (int k = 0; k < UnitRecord.COLUMNS; k++) {
            max = Math.max(max, Float.floatToRawIntBits(x.getAtIndex(JAVA_FLOAT, first + k)) & MAGNITUDE);
        }
        float m = Float.intBitsToFloat(max);
        float inverse = largest / m;
        int sum = 0;
        for (int k = 0; k < UnitRecord.COLUMNS; k++) {
            int a = (int) Math.rint(x.getAtIndex(JAVA_FLOAT, first + k) * inverse);
            sum += a;
            switch (form) {
                case BYTES -> bytes(a, k, records, at);
                case WORDS -> words(a, k, records, at);
            }
        }
        records.set(JAVA_FLOAT, at + UnitRecord.SCALE, m * (1 / largest));
        records.set(JAVA_INT, at + UnitRecord.BIAS_SUM, -UnitRecord.BIAS * sum);
    }

    private static void bytes(int a, int column, MemorySegment records, long at) {
        int left = a;
        for (int plane = UnitRecord.PLANES - 1; plane >= 0; plane--) {
            records.set(JAVA_BYTE, at + UnitRecord.BYTES.bytesAt(plane, 0) + column, (byte) left);
            left = left + 0x80 >> 8;
        }
    }

    private static void words(int a, int column, MemorySegment records, long at) {
        int word = UnitRecord.pairAt(column / 4, column % 2) + column % 4 / 2 * Short.BYTES;
        records.set(JAVA_SHORT, at + word, (short) a);
        records.set(JAVA_BYTE, at + UnitRecord.HIGH_BYTES + column, (byte) (a + 0x8000 >> 16));
    }
}
