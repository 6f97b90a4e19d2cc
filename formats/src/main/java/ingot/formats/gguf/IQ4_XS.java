package ingot.formats.gguf;

/**
 * 256 weights in 136 bytes: f16 d; u16 with the upper two bits of eight 6-bit scales; 4 bytes with their low nibbles; 16
 * bytes of nibbles for each 32 weights as in {@link IQ4_NL}, with its table. w = (d · (scale − 32)) · table[q].
 */
record IQ4_XS() implements BlockType {
    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 136;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        int high = in[at + 2] & 0xFF | (in[at + 3] & 0xFF) << 8;
        for (int g = 0; g < 8; g++) {
            int scale = in[at + 4 + g / 2] >> g % 2 * 4 & 15 | (high >> 2 * g & 3) << 4;
            float dl = d * (scale - 32);
            for (int j = 0; j < 16; j++) {
                int q = in[at + 8 + 16 * g + j];
                out[to + 32 * g + j] = dl * IQ4_NL.value(q & 15);
                out[to + 32 * g + 16 + j] = dl * IQ4_NL.value(q >> 4 & 15);
            }
        }
    }
}
