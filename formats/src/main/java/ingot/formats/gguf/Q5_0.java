package ingot.formats.gguf;

/**
 * 32 weights in 22 bytes: f16 d; u32 with the fifth bit of weight i as bit i; nibbles as in {@link Q4_0}.
 * w = (q − 16) · d, exact in f32.
 */
record Q5_0() implements IntegerBlock {
    /** The fifth bits of a block: bit i belongs to weight i. */
    static int high(byte[] in, int at) {
        return in[at] & 0xFF | (in[at + 1] & 0xFF) << 8 | (in[at + 2] & 0xFF) << 16 | in[at + 3] << 24;
    }

    @Override
    public int weights() {
        return 32;
    }

    @Override
    public int bytes() {
        return 22;
    }

    @Override
    public GgmlType.Integers bounds() {
        return new GgmlType.Integers(-16, 15);
    }

    @Override
    public float scale(byte[] in, int at) {
        return BlockType.f16(in, at);
    }

    @Override
    public void integers(byte[] in, int at, float[] out, int to) {
        int high = high(in, at + 2);
        for (int j = 0; j < 16; j++) {
            int q = in[at + 6 + j];
            out[to + j] = (q & 15 | (high >>> j & 1) << 4) - 16;
            out[to + 16 + j] = (q >> 4 & 15 | (high >>> (j + 16) & 1) << 4) - 16;
        }
    }
}
