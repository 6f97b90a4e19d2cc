package ingot.formats.gguf;

/**
 * 32 weights in 20 bytes: f16 d, f16 m; nibbles as in {@link Q4_0}. w = q · d + m.
 */
record Q4_1() implements BlockType {
    @Override
    public int weights() {
        return 32;
    }

    @Override
    public int bytes() {
        return 20;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        float m = BlockType.f16(in, at + 2);
        for (int j = 0; j < 16; j++) {
            int q = in[at + 4 + j];
            out[to + j] = (q & 15) * d + m;
            out[to + 16 + j] = (q >> 4 & 15) * d + m;
        }
    }
}
