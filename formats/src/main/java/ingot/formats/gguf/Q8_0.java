package ingot.formats.gguf;

/**
 * 32 weights in 34 bytes: f16 d; 32 signed bytes. w = q · d, exact in f32.
 */
record Q8_0() implements IntegerBlock {
    @Override
    public int weights() {
        return 32;
    }

    @Override
    public int bytes() {
        return 34;
    }

    @Override
    public GgmlType.Integers bounds() {
        return new GgmlType.Integers(-128, 127);
    }

    @Override
    public float scale(byte[] in, int at) {
        return BlockType.f16(in, at);
    }

    @Override
    public void integers(byte[] in, int at, float[] out, int to) {
        for (int j = 0; j < 32; j++) {
            out[to + j] = in[at + 2 + j];
        }
    }
}
