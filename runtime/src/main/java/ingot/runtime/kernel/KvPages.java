package ingot.runtime.kernel;

/** The pages of a cache. */
public interface KvPages {
    KvPage.Shape shape();

    /** The page of the positions {@code index · POSITIONS} and following. */
    KvPage page(int index);
}
