package ingot.runtime.kernel.attention;

/** Eight-bit codes of a head and the scales of their page; kept by a thread and used again. */
public final class PageCodes {
    private byte[] data = {};
    private int at;
    private float[] scales = {};

    void show(byte[] newData, int newAt, float[] newScales) {
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

    public float[] scales() {
        return scales;
    }
}
