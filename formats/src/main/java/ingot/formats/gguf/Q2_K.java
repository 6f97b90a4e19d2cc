package ingot.formats.gguf;

/**
 * 256 weights in 84 bytes: 16 bytes with the scale (low nibble) and minimum (high nibble) of 16 weights each; 64 bytes of
 * 2-bit codes; f16 d, f16 dmin. Each half of 128 weights has 32 bytes: weights 32j … 32j+31 of the half are bits 2j, 2j+1
 * of these bytes. w = (d · scale) · q − dmin · minimum.
 */
record Q2_K() implements BlockType {
    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 84;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at + 80);
        float dmin = BlockType.f16(in, at + 82);
        for (int g = 0; g < 16; g++) {
            float scale = d * (in[at + g] & 15);
            float min = dmin * (in[at + g] >> 4 & 15);
            int codes = at + 16 + g / 8 * 32 + g % 2 * 16;
            int shift = g % 8 / 2 * 2;
            for (int l = 0; l < 16; l++) {
                out[to + 16 * g + l] = scale * (in[codes + l] >> shift & 3) - min;
            }
        }
    }
}
