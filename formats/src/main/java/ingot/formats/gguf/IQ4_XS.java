package ingot.formats.gguf;

/**
 * 256 weights in 136 bytes: f16 d; u16 with the upper two bits of eight 6-bit scales; 4 bytes with their low nibbles; 16
 * bytes of nibbles for each 32 weights as in {@link IQ4_NL}, with its table. w = (d · (scale − 32)) · table[q].
 */
record IQ4_XS() implements PackedBlock {
    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 136;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        int high = in[at + 2] & 0xFF | (in[at + 3] & 0xFF) << 8;
        for (int g = 0; g < 8; g++) {
            int scale = in[at + 4 + g / 2] >> g % 2 * 4 & 15 | (high >> 2 * g & 3) << 4;
            float dl = d * (scale - 32);
            for (int j = 0; j < 16; j++) {
                int q = in[at + 8 + 16 * g + j];
                out[to + 32 * g + j] = dl * IQ4_NL.entry(q & 15);
                out[to + 32 * g + 16 + j] = dl * IQ4_NL.entry(q >> 4 & 15);
            }
        }
    }

    @Override
    public int groups() {
        return 8;
    }

    @Override
    public BlockNumbers numbers() {
        return new BlockNumbers(256, 8, 0);
    }

    @Override
    public int value(int code) {
        return IQ4_NL.entry(code);
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
        int high = 0;
        for (int g = 0; g < 8; g += 2) {
            int even = numbers.scales()[g] + 32;
            int odd = numbers.scales()[g + 1] + 32;
            out[at + 4 + g / 2] = (byte) (even & 15 | (odd & 15) << 4);
            high |= (even >> 4 & 3 | (odd >> 4 & 3) << 2) << 2 * g;
        }
        PackedBlock.bits((short) high, out, at + 2);
        for (int g = 0; g < 8; g++) {
            PackedBlock.packNibbles(numbers.codes(), 32 * g, 0, out, at + 8 + 16 * g);
        }
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), (short) 0);
        int high = PackedBlock.bits(in, at + 2);
        for (int g = 0; g < 8; g++) {
            int low = in[at + 4 + g / 2] >> g % 2 * 4 & 15;
            numbers.scales()[g] = (byte) ((low | (high >> 2 * g & 3) << 4) - 32);
            PackedBlock.unpackNibbles(in, at + 8 + 16 * g, numbers.codes(), 32 * g);
        }
    }
}
