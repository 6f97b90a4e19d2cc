package ingot.formats.gguf;

/**
 * 256 weights in 110 bytes: 32 bytes of high bits (bit j of byte l: weight 32j + l); 64 bytes of low 2-bit codes as in
 * {@link Q2_K}; 12 bytes with sixteen 6-bit scales; f16 d. Scale g of 16 weights: low four bits are the low (g &lt; 8) or
 * high nibble of byte g mod 8, the upper two are bits 2·(g ÷ 4) and up of byte 8 + g mod 4.
 * w = (d · (scale − 32)) · (q − 4), q with its high bit.
 */
record Q3_K() implements BlockType {
    private static int scale(byte[] in, int at, int g) {
        int low = in[at + g % 8] >> (g < 8 ? 0 : 4) & 15;
        int high = in[at + 8 + g % 4] >> (g / 4 * 2) & 3;
        return low | high << 4;
    }

    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 110;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at + 108);
        for (int g = 0; g < 16; g++) {
            float scale = d * (scale(in, at + 96, g) - 32);
            int codes = at + 32 + g / 8 * 32 + g % 2 * 16;
            int high = at + g % 2 * 16;
            int shift = g % 8 / 2 * 2;
            for (int l = 0; l < 16; l++) {
                int q = in[codes + l] >> shift & 3 | (in[high + l] >> g / 2 & 1) << 2;
                out[to + 16 * g + l] = scale * (q - 4);
            }
        }
    }
}
