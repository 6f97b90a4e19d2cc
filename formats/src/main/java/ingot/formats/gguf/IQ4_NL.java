package ingot.formats.gguf;

/**
 * 32 weights in 18 bytes: f16 d; nibbles as in {@link Q4_0} that index a table. w = d · table[q], exact in f32.
 */
record IQ4_NL() implements IntegerBlock, PackedBlock {
    private static final byte[] TABLE = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    /** The value of a code, 0 to 15. */
    static int entry(int code) {
        return TABLE[code];
    }

    @Override
    public int value(int code) {
        return entry(code);
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
            out[to + j] = entry(q & 15);
            out[to + 16 + j] = entry(q >> 4 & 15);
        }
    }

    @Override
    public int lowest() {
        return 0;
    }

    @Override
    public int highest() {
        return 15;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        PackedBlock.bits(numbers.d(), out, at);
        PackedBlock.packNibbles(numbers.codes(), 0, 0, out, at + 2);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), (short) 0);
        PackedBlock.unpackNibbles(in, at + 2, numbers.codes(), 0);
    }
}
