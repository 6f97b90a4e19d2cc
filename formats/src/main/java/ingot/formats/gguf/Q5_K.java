package ingot.formats.gguf;

/**
 * 256 weights in 176 bytes: f16 d, f16 dmin; 12 bytes of scales and minima as in {@link Q4_K}; 32 bytes of fifth bits (bit
 * g of byte l: weight 32g + l); 128 bytes of nibbles as in {@link Q4_K}. w = (d · scale) · q − dmin · minimum.
 */
record Q5_K() implements BlockType {
    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 176;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        float dmin = BlockType.f16(in, at + 2);
        for (int g = 0; g < 8; g++) {
            float scale = d * Q4_K.scale(in, at + 4, g);
            float min = dmin * Q4_K.min(in, at + 4, g);
            int codes = at + 48 + g / 2 * 32;
            int shift = g % 2 * 4;
            for (int l = 0; l < 32; l++) {
                int q = in[codes + l] >> shift & 15 | (in[at + 16 + l] >> g & 1) << 4;
                out[to + 32 * g + l] = scale * q - min;
            }
        }
    }
}
