package ingot.formats.gguf;

/**
 * 32 weights in 18 bytes: f16 d; nibbles as in {@link Q4_0} that index a table. w = d · table[q], exact in f32.
 */
record IQ4_NL() implements IntegerBlock {
    private static final byte[] TABLE = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    /** The value of a code, 0 to 15. */
    static int value(int code) {
        return TABLE[code];
    }

    @Override
    public int weights() {
        return 32;
    }

    @Override
    public int bytes() {
        return 18;
    }

    @Override
    public GgmlType.Integers bounds() {
        return new GgmlType.Integers(TABLE[0], TABLE[15]);
    }

    @Override
    public float scale(byte[] in, int at) {
        return BlockType.f16(in, at);
    }

    @Override
    public void integers(byte[] in, int at, float[] out, int to) {
        for (int j = 0; j < 16; j++) {
            int q = in[at + 2 + j];
            out[to + j] = value(q & 15);
            out[to + 16 + j] = value(q >> 4 & 15);
        }
    }
}
