package ingot.formats.gguf;

/**
 * 32 weights in 22 bytes: f16 d; u32 with the fifth bit of weight i as bit i; nibbles as in {@link Q4_0}.
 * w = (q − 16) · d, exact in f32.
 */
record Q5_0() implements IntegerBlock, PackedBlock {
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

    @Override
    public int lowest() {
        return -16;
    }

    @Override
    public int highest() {
        return 15;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        PackedBlock.bits(numbers.d(), out, at);
        packFive(numbers.codes(), 16, out, at + 2);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), (short) 0);
        unpackFive(in, at + 2, 16, numbers.codes());
    }

    /** Fifth bits, then nibbles, of {@code code + bias}. */
    static void packFive(byte[] codes, int bias, byte[] out, int at) {
        int high = 0;
        for (int i = 0; i < 32; i++) {
            high |= (codes[i] + bias >> 4 & 1) << i;
        }
        for (int b = 0; b < 4; b++) {
            out[at + b] = (byte) (high >> 8 * b);
        }
        PackedBlock.packNibbles(codes, 0, bias, out, at + 4);
    }

    /** The inverse of {@link #packFive}. */
    static void unpackFive(byte[] in, int at, int bias, byte[] codes) {
        int high = high(in, at);
        PackedBlock.unpackNibbles(in, at + 4, codes, 0);
        for (int i = 0; i < 32; i++) {
            codes[i] = (byte) ((codes[i] | (high >>> i & 1) << 4) - bias);
        }
    }
}
