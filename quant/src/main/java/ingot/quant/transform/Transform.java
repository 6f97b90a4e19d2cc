package ingot.quant.transform;

import ingot.quant.scheme.MatrixSource;

/** An invertible linear map T of the channels of a place: what is written becomes T·x, and readers W become W·T⁻¹. */
public sealed interface Transform permits ChannelScaling, Permutation, Rotation {
    /** x ← T·x, in f64. */
    void write(double[] x);

    /** w ← w·T⁻¹, a row of a matrix that reads the place, in f64. */
    void read(double[] w);

    /** T·W of a matrix whose rows write the place. */
    MatrixSource rows(MatrixSource matrix);

    /**
     * The same for other channels: channel i there is a copy of channel {@code of[i]} here, or not touched where that is
     * negative. Channels that T moves among stay in one copy.
     */
    Transform copied(int[] of);

    /** A matrix made of another one's rows. */
    interface Derived extends MatrixSource {
        MatrixSource matrix();

        @Override
        default String origin() {
            return matrix().origin();
        }

        @Override
        default long rows() {
            return matrix().rows();
        }

        @Override
        default int cols() {
            return matrix().cols();
        }
    }
}
