package ingot.runtime.kernel.vector;

import ingot.runtime.kernel.vector.TileProduct.Packed;

/**
 * Activations of several tokens with those of a tile side by side, {@code [tiles][cols][TileProduct.ROWS]}, so that the
 * innermost loop reads one stream.
 */
@SuppressWarnings("ArrayRecordComponent") // a buffer, never compared
record Activations(float[] data, int cols, int tiles) {
    /** Tiles that hold so many tokens. */
    static int tiles(int tokens) {
        return (tokens - 1) / TileProduct.ROWS + 1;
    }

    /** Fills one tile from the row-major {@code x[tokens][cols]}; tokens that do not exist are 0. */
    void pack(float[] x, int tokens, int tile) {
        int first = tile * TileProduct.ROWS;
        int lanes = Math.min(TileProduct.ROWS, tokens - first);
        new Factor(x, first * cols, cols, 1).packRows(1, lanes, cols, data, first * cols);
    }

    /** The tokens of a tile from a column on. */
    Packed tile(int tile, int col) {
        return new Packed(data, (tile * cols + col) * TileProduct.ROWS);
    }
}
