package ingot.formats.gguf;

/**
 * How a run of neighbouring weights of a row is stored together. The formulas, and the order of their roundings to f32,
 * are those of ggml's {@code dequantize_row_*} (ggml-quants.c), so that results are equal bit for bit.
 */
public sealed interface BlockType permits IntegerBlock, PackedBlock, Q2_K, Q3_K {
    /** Weights of a block; it divides the length of every row. */
    int weights();

    /** Bytes of a block. */
    int bytes();

    /** Writes the weights of the block that starts at {@code in[at]} to {@code out[to…]}. */
    void dequantize(byte[] in, int at, float[] out, int to);

    /** The f16 number at {@code in[at]}, little-endian, widened exactly. */
    static float f16(byte[] in, int at) {
        return Float.float16ToFloat((short) (in[at] & 0xFF | in[at + 1] << 8));
    }
}
