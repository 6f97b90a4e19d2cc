package ingot.runtime.kernel.vector;

/** Products of a panel of expanded weights with the activations of several tokens. */
interface PanelGemm {
    /** Rows side by side in a panel: two blocks. */
    int LANES = 32;

    /** Tokens that are multiplied at a time. */
    int TOKENS = 6;

    /**
     * sums[t*LANES + lane] += Σ over j &lt; cols of panel[j*LANES + lane] · x[t][col + j], for every token t: one fused
     * multiply-add after the other in the order of j, then the addition. So a sum over all columns, panel by panel, has one
     * order whatever the number of tokens.
     *
     * @param sums {@code [x.tiles * TOKENS][LANES]}
     */
    void multiply(float[] panel, int cols, Activations x, int col, float[] sums);

    /**
     * Activations with the tokens of a tile side by side: {@code [tiles][cols][TOKENS]}, so that the innermost loop reads
     * one stream. Reading six rows of a row-major array instead halves the speed.
     */
    record Activations(float[] data, int cols, int tiles) {
        /** Tiles that hold so many tokens. */
        static int tiles(int tokens) {
            return (tokens + TOKENS - 1) / TOKENS;
        }

        /** Fills one tile from the row-major {@code x[tokens][cols]}; tokens that do not exist are 0. */
        void pack(float[] x, int tokens, int tile) {
            int at = tile * cols * TOKENS;
            for (int i = 0; i < TOKENS; i++) {
                int token = tile * TOKENS + i;
                int from = token * cols;
                for (int j = 0; j < cols; j++) {
                    data[at + j * TOKENS + i] = token < tokens ? x[from + j] : 0;
                }
            }
        }
    }
}
