package ingot.runtime.kernel.attention;

import java.lang.foreign.MemorySegment;

/** Eight-bit codes of a head and the scales of their page; kept by a thread and used again. */
public final class PageCodes {
    private byte[] data = {};
    private int at;
    private float[] scales = {};
    private MemorySegment dataSegment = MemorySegment.NULL;
    private MemorySegment scaleSegment = MemorySegment.NULL;

    void show(byte[] newData, int newAt, float[] newScales, MemorySegment segment, MemorySegment ofScales) {
        dataSegment = segment;
        scaleSegment = ofScales;
        data = newData;
        at = newAt;
        scales = newScales;
    }

    public byte[] data() {
        return data;
    }

    /** Where the head's codes begin. */
    public int at() {
        return at;
    }

    /** {@link #data} for generated code. */
    public MemorySegment dataSegment() {
        return dataSegment;
    }

    /** {@link #scales} for generated code. */
    public MemorySegment scaleSegment() {
        return scaleSegment;
    }

    public float[] scales() {
        return scales;
    }
}
