package ingot.formats.gguf;

/**
 * 32 weights in 34 bytes: f16 d; 32 signed bytes. w = q · d, exact in f32.
 */
record Q8_0() implements IntegerBlock, PackedBlock {
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

    @Override
    public int lowest() {
        return -128;
    }

    @Override
    public int highest() {
        return 127;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        PackedBlock.bits(numbers.d(), out, at);
        System.arraycopy(numbers.codes(), 0, out, at + 2, 32);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), (short) 0);
        System.arraycopy(in, at + 2, numbers.codes(), 0, 32);
    }
}
