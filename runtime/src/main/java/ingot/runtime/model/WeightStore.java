package ingot.runtime.model;

import ingot.formats.IngotException;
import ingot.runtime.WeightInfo;
import ingot.runtime.kernel.Matrix;

/**
 * Where a model's weights come from. Every weight of the graph is there in the right shape: the store was opened with the
 * graph and checked it. Memory belongs to the store and lives until it is closed.
 */
public interface WeightStore extends AutoCloseable {
    /** The matrix of a weight whose role is a matrix. */
    Matrix matrix(WeightSpec spec);

    /** The values of a weight whose role is a vector. */
    float[] vector(WeightSpec spec);

    /** How the weight is stored. */
    WeightInfo info(WeightSpec spec);

    /**
     * Confirms that the weights are still those that were opened; called before what was computed with them is handed out.
     *
     * @throws IngotException.ReadWrite when the file they are mapped from was changed
     */
    default void requireIntact() {}

    /**
     * Confirms that the weights can be read; called before they are computed with.
     *
     * @throws IngotException.ReadWrite when the file they are mapped from has another length
     */
    default void requireReadable() {}

    @Override
    void close();
}
