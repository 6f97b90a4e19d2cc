package ingot.runtime.kernel;

/** A float array per thread that grows to the largest size asked for, so that steady work allocates nothing. */
public final class Scratch {
    private final ThreadLocal<float[]> arrays = ThreadLocal.withInitial(() -> new float[0]);

    /** At least {@code length} floats with unspecified content, valid until the thread's next call. */
    public float[] floats(int length) {
        float[] array = arrays.get();
        if (array.length < length) {
            array = new float[length];
            arrays.set(array);
        }
        return array;
    }
}
