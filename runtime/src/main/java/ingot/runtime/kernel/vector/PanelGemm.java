package ingot.runtime.kernel.vector;

/** Products of a panel of expanded weights with the activations of several tokens. */
interface PanelGemm {
    /** Rows side by side in a panel: two blocks. */
    int LANES = 32;

    /** Tokens that are multiplied at a time. */
    int TOKENS = 6;

    /**
     * sums[t*LANES + lane] += Σ over j &lt; cols of panel[j*LANES + lane] · x[t][col + j], for every token t, one fused
     * multiply-add after the other in the order of j. So a sum over all columns, panel by panel, has one order whatever the
     * number of tokens.
     *
     * @param x activations {@code [tokens][stride]}
     * @param sums {@code [tokens rounded up to a multiple of TOKENS][LANES]}
     */
    void multiply(float[] panel, int cols, Activations x, int col, float[] sums);

    /** Activations of several tokens: row-major, {@code stride} floats per token. */
    record Activations(float[] data, int stride, int tokens) {}
}
