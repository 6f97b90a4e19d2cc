package ingot.runtime;

/** Version of the toolkit, written into every file it makes. */
public final class Version {
    public static final String NUMBER = "0.1.0";

    private Version() {}
}
