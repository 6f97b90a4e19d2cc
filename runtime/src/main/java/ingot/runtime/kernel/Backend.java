package ingot.runtime.kernel;

/** Which code computes. */
public enum Backend {
    /** The fastest that works here: {@link #NATIVE}, else {@link #VECTOR}, else {@link #SCALAR}. */
    AUTO,
    /** f32 arithmetic on any machine, for what is computed once and kept: {@link #VECTOR}, else {@link #SCALAR}. */
    PORTABLE,
    /** Plain Java; slow, exact to half a unit in the last place of each sum. */
    SCALAR,
    /** Vector API in f32. */
    VECTOR,
    /** Machine code generated at run time for integer codes, {@link #VECTOR} for the rest; faster. */
    NATIVE,
    /**
     * {@link #NATIVE} with activations rounded to 8 bits per 32 columns, as llama.cpp rounds them: prompts are read nearly
     * twice as fast, at the precision of llama.cpp's kernels. For processors with AVX-512 VNNI.
     */
    NATIVE_INT8
}
