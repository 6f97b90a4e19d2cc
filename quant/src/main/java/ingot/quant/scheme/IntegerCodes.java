package ingot.quant.scheme;

/** A matrix that is stored as integer codes with one f16 scale per row and group of columns: w = q · scale. */
public interface IntegerCodes {
    /** Outputs. */
    long rows();

    /** Inputs. */
    int cols();

    /** Columns per scale; the last group of a row may be shorter. */
    int group();

    /** Bits of a code: 4 for −8 … 7, 8 for −127 … 127. */
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
