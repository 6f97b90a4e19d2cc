package ingot.quant.scheme;

/** A matrix that is stored as integer codes with one f16 scale per row and group of columns: w = q · scale. */
public interface IntegerCodes {
    /** Outputs. */
    long rows();

    /** Inputs. */
    int cols();

    /** Columns per scale; the last group of a row may be shorter. */
    int group();

    /** Bits b that hold every q: −2^(b−1) … 2^(b−1) − 1; −128 is never among them. */
    int bits();

    /** Scales of a row. */
    default int groups() {
        return (cols() + group() - 1) / group();
    }

    /**
     * Reads {@code n} rows.
     *
     * @param codes receives q, {@code [n][cols]}
     * @param scales receives f16 bits, {@code [n][groups]}
     */
    void read(long first, int n, byte[] codes, short[] scales);
}
