package ingot.formats.block;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;

/**
 * Where codes and scales lie in the layouts made of blocks of 16 rows.
 *
 * <p>Block {@code r} holds rows 16r … 16r+15, lane = row − 16r, so that a vector register of 16 lanes does the same
 * arithmetic for 16 rows. Columns are padded to whole groups. The codes of a block are 32-bit little-endian words, each
 * with consecutive columns of one lane: 4 for int8, 8 for the 4-bit types; the 3-, 5- and 6-bit ones have as many words as
 * bits for 32 columns. The 16 words of the same columns are neighbours (64 bytes, one cache line). Words run along the
 * columns, blocks follow each other; hence a block depends on no other one, and rows can be encoded 16 at a time in any
 * order.
 *
 * @param rows ≥ 1
 * @param cols ≥ 1
 * @param group columns per scale, a multiple of 32
 */
public record Blocks(long rows, int cols, int group) {
    /** Rows of a block. */
    public static final int ROWS = 16;

    /** Bytes of the words that 16 lanes have for the same columns. */
    public static final int LINE = 64;

    /** More columns than this are refused: kernels compute positions inside a row with few bits. */
    private static final long MAX_COLS = 1L << 22;

    /** More rows than this are refused, so that 16-row blocks can be counted in an {@code int}. */
    private static final long MAX_ROWS = Integer.MAX_VALUE - ROWS;

    /**
     * Geometry of a matrix whose dimensions come from a file.
     *
     * @param group columns per scale, or {@link Grouping#CHANNEL}
     * @throws IngotException.BadData when a dimension is 0 or too large
     */
    public static Blocks of(long rows, long cols, int group) {
        if (rows < 1 || rows > MAX_ROWS || cols < 1 || cols > MAX_COLS) {
            throw new IngotException.BadData("a matrix of " + rows + " x " + cols
                    + " cannot be stored in blocks; expected 1 to " + MAX_ROWS + " rows and 1 to " + MAX_COLS
                    + " columns");
        }
        int columns = (int) cols;
        return new Blocks(rows, columns, group == Grouping.CHANNEL ? roundUp(columns, Grouping.UNIT) : group);
    }

    /** Number of 16-row blocks. */
    public int count() {
        return (int) ((rows + ROWS - 1) / ROWS);
    }

    /** Groups per row. */
    public int groups() {
        return (cols + group - 1) / group;
    }

    /** Columns with padding. */
    public int paddedCols() {
        return groups() * group;
    }

    /** Bytes of the codes of one block when a word holds {@code perWord} columns. */
    public long codeBytes(int perWord) {
        return (long) (paddedCols() / perWord) * LINE;
    }

    /** Byte offset of the word with the code of one weight; {@code perWord} columns share a word. */
    public long wordAt(long row, int col, int perWord) {
        return row / ROWS * codeBytes(perWord) + (long) (col / perWord) * LINE + row % ROWS * Integer.BYTES;
    }

    /** Byte offset of the first word with bits of one weight, where 32 columns have {@code bits} words. */
    public long unitAt(long row, int col, int bits) {
        long unit = row / ROWS * (paddedCols() / Grouping.UNIT) + col / Grouping.UNIT;
        return unit * bits * LINE + row % ROWS * Integer.BYTES;
    }

    /** Index (in elements) of the scale of one row and group. */
    public long scaleAt(long row, int g) {
        return (row / ROWS * groups() + g) * ROWS + row % ROWS;
    }

    /**
     * The part with the codes: {@code [blocks, groups, words per group, 16, 4]} where codes do not straddle words, else
     * {@code [blocks, groups, group / 32, bits, 16, 4]}.
     */
    Part codes(int bits) {
        Shape shape = Integer.bitCount(bits) == 1
                ? new Shape(count(), groups(), group * bits / Integer.SIZE, ROWS, Integer.BYTES)
                : new Shape(count(), groups(), group / Grouping.UNIT, bits, ROWS, Integer.BYTES);
        return new Part("codes", DType.U8, shape);
    }

    /** The part with one scale per row and group: {@code [blocks, groups, 16]}. */
    Part scales(DType type) {
        return new Part("scales", type, new Shape(count(), groups(), ROWS));
    }

    private static int roundUp(int n, int multiple) {
        return (n + multiple - 1) / multiple * multiple;
    }
}
