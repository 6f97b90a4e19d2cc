package ingot.runtime.kernel.nativecode;

/**
 * How finely activations are rounded, per 32 columns, before they meet integer codes: a = x·({@link #largest} ÷ max|x|).
 */
public enum ActivationBits {
    /** f32 but for 1e-11 of a model's energy: with values of 8 bits the most whose sum over 32 columns is exact in 32 bits. */
    TWENTY(524_287, 3),
    /** What llama.cpp's Q8_0 activations have: one byte, so that products with many tokens cost a third. */
    EIGHT(127, 1);

    private final float largest;
    private final int bytes;

    ActivationBits(float largest, int bytes) {
        this.largest = largest;
        this.bytes = bytes;
    }

    /** Largest magnitude of an integer. */
    public float largest() {
        return largest;
    }

    /** Low bytes of the integers of {@link UnitRecord} that are not 0. */
    int bytes() {
        return bytes;
    }
}
