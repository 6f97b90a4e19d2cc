package ingot.formats.gguf;

/** A block of small integers with one scale: w = q · scale, exact in f32. */
sealed interface IntegerBlock extends BlockType permits Q4_0, Q5_0, Q8_0, IQ4_NL, MXFP4 {
    /** Bounds of q. */
    GgmlType.Integers bounds();

    /** The scale of the block that starts at {@code in[at]}. */
    float scale(byte[] in, int at);

    /** Writes q of the block that starts at {@code in[at]} to {@code out[to…]}. */
    void integers(byte[] in, int at, float[] out, int to);

    @Override
    default void dequantize(byte[] in, int at, float[] out, int to) {
        integers(in, at, out, to);
        float scale = scale(in, at);
        for (int i = to; i < to + weights(); i++) {
            out[i] *= scale;
        }
    }
}
