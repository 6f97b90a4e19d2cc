package ingot.runtime.kernel;

/** Which implementation of the kernels runs. */
public enum Backend {
    /** The fastest one this machine has. */
    AUTO,
    SCALAR,
    VECTOR
}
