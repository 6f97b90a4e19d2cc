package ingot.formats.gguf;

/**
 * 256 weights in 210 bytes: 128 bytes of low nibbles, 64 bytes of upper 2 bits, sixteen signed 8-bit scales, f16 d. A half of
 * 128 weights has 64 and 32 of these bytes; in its quarter j, weight l has the low (j &lt; 2) or high nibble of byte 32·(j mod
 * 2) + l and bits 2j, 2j+1 of byte l. w = (d · scale) · (q − 32).
 */
record Q6_K() implements PackedBlock {
    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 210;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at + 208);
        for (int g = 0; g < 8; g++) {
            int low = at + g / 4 * 64 + g % 2 * 32;
            int lowShift = g % 4 / 2 * 4;
            int high = at + 128 + g / 4 * 32;
            int highShift = g % 4 * 2;
            for (int l = 0; l < 32; l++) {
                float scale = d * in[at + 192 + 2 * g + l / 16];
                int q = in[low + l] >> lowShift & 15 | (in[high + l] >> highShift & 3) << 4;
                out[to + 32 * g + l] = scale * (q - 32);
            }
        }
    }

    @Override
    public int groups() {
        return 16;
    }

    @Override
    public BlockNumbers numbers() {
        return new BlockNumbers(256, 16, 0);
    }

    @Override
    public int lowest() {
        return -32;
    }

    @Override
    public int highest() {
        return 31;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        for (int g = 0; g < 4; g++) {
            // Weights 32g + l and 32g + 64 + l of a half share a byte of nibbles; four share a byte of upper bits.
            int half = g / 2;
            int weight = 128 * half + 32 * (g % 2);
            for (int l = 0; l < 32; l++) {
                int low = numbers.codes()[weight + l] + 32;
                int high = numbers.codes()[weight + 64 + l] + 32;
                out[at + 32 * g + l] = (byte) (low & 15 | (high & 15) << 4);
            }
        }
        for (int l = 0; l < 64; l++) {
            int upper = 0;
            for (int j = 0; j < 4; j++) {
                upper |= (numbers.codes()[l / 32 * 128 + 32 * j + l % 32] + 32 >> 4 & 3) << 2 * j;
            }
            out[at + 128 + l] = (byte) upper;
        }
        System.arraycopy(numbers.scales(), 0, out, at + 192, 16);
        PackedBlock.bits(numbers.d(), out, at + 208);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        for (int i = 0; i < 256; i++) {
            int quarter = i % 128 / 32;
            int l = i % 32;
            int low = in[at + i / 128 * 64 + quarter % 2 * 32 + l] >> quarter / 2 * 4 & 15;
            int upper = in[at + 128 + i / 128 * 32 + l] >> 2 * quarter & 3;
            numbers.codes()[i] = (byte) ((low | upper << 4) - 32);
        }
        System.arraycopy(in, at + 192, numbers.scales(), 0, 16);
        numbers.factors(PackedBlock.bits(in, at + 208), (short) 0);
    }
}
