package ingot.quant.scheme;

/** The source weights of one matrix, read by rows as f32. */
public interface MatrixSource {
    /** Where the weights are, for messages: {@code FILE: tensor 'NAME' @OFFSET}. */
    String origin();

    /** Outputs. */
    long rows();

    /** Inputs. */
    int cols();

    /**
     * Reads {@code n} rows into {@code out[0 … n × cols)}, row-major.
     *
     * @param first 0 ≤ first, first + n ≤ rows
     */
    void read(long first, int n, float[] out);
}
