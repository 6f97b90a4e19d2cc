package ingot.formats.gguf;

/**
 * 256 weights in 176 bytes: f16 d, f16 dmin; 12 bytes of scales and minima as in {@link Q4_K}; 32 bytes of fifth bits (bit
 * g of byte l: weight 32g + l); 128 bytes of nibbles as in {@link Q4_K}. w = (d · scale) · q − dmin · minimum.
 */
record Q5_K() implements PackedBlock {
    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 176;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        float dmin = BlockType.f16(in, at + 2);
        for (int g = 0; g < 8; g++) {
            float scale = d * Q4_K.scale(in, at + 4, g);
            float min = dmin * Q4_K.min(in, at + 4, g);
            int codes = at + 48 + g / 2 * 32;
            int shift = g % 2 * 4;
            for (int l = 0; l < 32; l++) {
                int q = in[codes + l] >> shift & 15 | (in[at + 16 + l] >> g & 1) << 4;
                out[to + 32 * g + l] = scale * q - min;
            }
        }
    }

    @Override
    public int groups() {
        return 8;
    }

    @Override
    public BlockNumbers numbers() {
        return new BlockNumbers(256, 8, 8);
    }

    @Override
    public int lowest() {
        return 0;
    }

    @Override
    public int highest() {
        return 31;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        PackedBlock.bits(numbers.d(), out, at);
        PackedBlock.bits(numbers.m(), out, at + 2);
        Q4_K.packScales(numbers, out, at + 4);
        for (int l = 0; l < 32; l++) {
            int fifth = 0;
            for (int g = 0; g < 8; g++) {
                fifth |= (numbers.codes()[32 * g + l] >> 4 & 1) << g;
            }
            out[at + 16 + l] = (byte) fifth;
        }
        Q4_K.packPairs(numbers.codes(), out, at + 48);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), PackedBlock.bits(in, at + 2));
        Q4_K.unpackScales(in, at + 4, numbers);
        Q4_K.unpackPairs(in, at + 48, numbers.codes());
        for (int i = 0; i < 256; i++) {
            numbers.codes()[i] |= (byte) ((in[at + 16 + i % 32] >> i / 32 & 1) << 4);
        }
    }
}
