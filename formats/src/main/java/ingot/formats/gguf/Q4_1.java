package ingot.formats.gguf;

/**
 * 32 weights in 20 bytes: f16 d, f16 m; nibbles as in {@link Q4_0}. w = q · d + m.
 */
record Q4_1() implements PackedBlock {
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
        PackedBlock.bits(numbers.m(), out, at + 2);
        PackedBlock.packNibbles(numbers.codes(), 0, 0, out, at + 4);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), PackedBlock.bits(in, at + 2));
        PackedBlock.unpackNibbles(in, at + 4, numbers.codes(), 0);
    }
}
