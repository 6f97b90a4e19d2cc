package ingot.quant.folder;

import ingot.formats.block.Grouping;
import ingot.quant.scheme.IntegerCodes;

/** Integer codes with f16 scales per row and group. */
public sealed interface IntegerFormat extends FolderFormat permits GptqFormat, CompressedFormat {
    /** 4 or 8. */
    int bits();

    /** Columns per scale, or {@link Grouping#CHANNEL}. */
    int group();

    /**
     * Stores a matrix.
     *
     * @param codes of {@link #bits} bits or fewer, in groups of {@link #groupOf} columns
     */
    void write(IntegerCodes codes, String module, Sink sink);

    /** Columns per scale of a matrix. */
    default int groupOf(int cols) {
        return group() == Grouping.CHANNEL ? cols : group();
    }

    /** Scales of a row. */
    default int groups(int cols) {
        return (cols + groupOf(cols) - 1) / groupOf(cols);
    }
}
