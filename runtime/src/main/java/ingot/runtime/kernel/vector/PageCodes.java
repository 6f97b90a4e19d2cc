package ingot.runtime.kernel.vector;

/** Eight-bit codes of a head and the scales of their page; kept by a thread and used again. */
final class PageCodes {
    private byte[] data = {};
    private int at;
    private float[] scales = {};

    void show(byte[] newData, int newAt, float[] newScales) {
        data = newData;
        at = newAt;
        scales = newScales;
    }

    byte[] data() {
        return data;
    }

    /** Where the head's codes begin. */
    int at() {
        return at;
    }

    float[] scales() {
        return scales;
    }
}
