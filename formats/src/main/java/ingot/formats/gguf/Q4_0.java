package ingot.formats.gguf;

/**
 * 32 weights in 18 bytes: f16 d; 16 bytes of nibbles, the low ones weights 0–15, the high ones 16–31. w = (q − 8) · d,
 * exact in f32.
 */
record Q4_0() implements IntegerBlock, PackedBlock {
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
        return new GgmlType.Integers(-8, 7);
    }

    @Override
    public float scale(byte[] in, int at) {
        return BlockType.f16(in, at);
    }

    @Override
    public void integers(byte[] in, int at, float[] out, int to) {
        for (int j = 0; j < 16; j++) {
            int q = in[at + 2 + j];
            out[to + j] = (q & 15) - 8;
            out[to + 16 + j] = (q >> 4 & 15) - 8;
        }
    }

    @Override
    public int lowest() {
        return -8;
    }

    @Override
    public int highest() {
        return 7;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        PackedBlock.bits(numbers.d(), out, at);
        PackedBlock.packNibbles(numbers.codes(), 0, 8, out, at + 2);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), (short) 0);
        byte[] codes = numbers.codes();
        PackedBlock.unpackNibbles(in, at + 2, codes, 0);
        for (int i = 0; i < 32; i++) {
            codes[i] -= 8;
        }
    }
}
