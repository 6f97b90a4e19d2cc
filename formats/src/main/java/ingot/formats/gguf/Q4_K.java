package ingot.formats.gguf;

/**
 * 256 weights in 144 bytes: f16 d, f16 dmin; 12 bytes with eight 6-bit scales and minima; 128 bytes of nibbles, 32 bytes for
 * 64 weights: low nibbles the first 32, high nibbles the last 32.
 *
 * <p>Scale and minimum of group g &lt; 4: the low six bits of bytes g and g + 4. Of g ≥ 4: the low and the high nibble of
 * byte g + 4, above them the upper two bits of bytes g − 4 and g. w = (d · scale) · q − dmin · minimum.
 */
record Q4_K() implements BlockType {
    /** The 6-bit scale of a group of 32; {@code at} is the first of the 12 bytes. */
    static int scale(byte[] in, int at, int g) {
        return g < 4 ? in[at + g] & 63 : in[at + g + 4] & 15 | (in[at + g - 4] >> 6 & 3) << 4;
    }

    /** The 6-bit minimum of a group of 32. */
    static int min(byte[] in, int at, int g) {
        return g < 4 ? in[at + g + 4] & 63 : in[at + g + 4] >> 4 & 15 | (in[at + g] >> 6 & 3) << 4;
    }

    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 144;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        float dmin = BlockType.f16(in, at + 2);
        for (int g = 0; g < 8; g++) {
            float scale = d * scale(in, at + 4, g);
            float min = dmin * min(in, at + 4, g);
            int codes = at + 16 + g / 2 * 32;
            int shift = g % 2 * 4;
            for (int l = 0; l < 32; l++) {
                out[to + 32 * g + l] = scale * (in[codes + l] >> shift & 15) - min;
            }
        }
    }
}
