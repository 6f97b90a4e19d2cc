package ingot.runtime.kernel;

/** Which code computes. */
public enum Backend {
    /** The vector backend where the module {@code jdk.incubator.vector} is present, the scalar one elsewhere. */
    AUTO,
    /** Plain Java; slow, exact to half a unit in the last place of each sum. */
    SCALAR,
    /** Vector API in f32. */
    VECTOR
}
