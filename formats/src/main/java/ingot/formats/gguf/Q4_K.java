package ingot.formats.gguf;

/**
 * 256 weights in 144 bytes: f16 d, f16 dmin; 12 bytes with eight 6-bit scales and minima; 128 bytes of nibbles, 32 bytes for
 * 64 weights: low nibbles the first 32, high nibbles the last 32.
 *
 * <p>Scale and minimum of group g &lt; 4: the low six bits of bytes g and g + 4. Of g ≥ 4: the low and the high nibble of
 * byte g + 4, above them the upper two bits of bytes g − 4 and g. w = (d · scale) · q − dmin · minimum.
 */
record Q4_K() implements PackedBlock {
    /** The 6-bit scale of a group of 32; {@code at} is the first of the 12 bytes. */
    static int scale(byte[] in, int at, int g) {
        return g < 4 ? in[at + g] & 63 : in[at + g + 4] & 15 | (in[at + g - 4] >> 6 & 3) << 4;
    }

    /** The 6-bit minimum of a group of 32. */
    static int min(byte[] in, int at, int g) {
        return g < 4 ? in[at + g + 4] & 63 : in[at + g + 4] >> 4 & 15 | (in[at + g] >> 6 & 3) << 4;
    }

    @Override
    public int weights() {
        return 256;
    }

    @Override
    public int bytes() {
        return 144;
    }

    @Override
    public void dequantize(byte[] in, int at, float[] out, int to) {
        float d = BlockType.f16(in, at);
        float dmin = BlockType.f16(in, at + 2);
        for (int g = 0; g < 8; g++) {
            float scale = d * scale(in, at + 4, g);
            float min = dmin * min(in, at + 4, g);
            int codes = at + 16 + g / 2 * 32;
            int shift = g % 2 * 4;
            for (int l = 0; l < 32; l++) {
                out[to + 32 * g + l] = scale * (in[codes + l] >> shift & 15) - min;
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
        return 15;
    }

    @Override
    public void pack(BlockNumbers numbers, byte[] out, int at) {
        PackedBlock.bits(numbers.d(), out, at);
        PackedBlock.bits(numbers.m(), out, at + 2);
        packScales(numbers, out, at + 4);
        packPairs(numbers.codes(), out, at + 16);
    }

    @Override
    public void unpack(byte[] in, int at, BlockNumbers numbers) {
        numbers.factors(PackedBlock.bits(in, at), PackedBlock.bits(in, at + 2));
        unpackScales(in, at + 4, numbers);
        unpackPairs(in, at + 16, numbers.codes());
    }

    /** The 12 bytes of scales and minima. */
    static void packScales(BlockNumbers numbers, byte[] out, int at) {
        for (int g = 0; g < 4; g++) {
            int scale = numbers.scales()[g + 4];
            int min = numbers.mins()[g + 4];
            out[at + g] = (byte) (numbers.scales()[g] & 63 | (scale >> 4 & 3) << 6);
            out[at + g + 4] = (byte) (numbers.mins()[g] & 63 | (min >> 4 & 3) << 6);
            out[at + g + 8] = (byte) (scale & 15 | (min & 15) << 4);
        }
    }

    /** The inverse of {@link #packScales}. */
    static void unpackScales(byte[] in, int at, BlockNumbers numbers) {
        for (int g = 0; g < 8; g++) {
            numbers.scales()[g] = (byte) scale(in, at, g);
            numbers.mins()[g] = (byte) min(in, at, g);
        }
    }

    /** Low nibbles of all codes: byte l of 32 has weight 64c + l (low) and 64c + 32 + l (high). */
    static void packPairs(byte[] codes, byte[] out, int at) {
        for (int i = 0; i < 128; i++) {
            int first = i / 32 * 64 + i % 32;
            out[at + i] = (byte) (codes[first] & 15 | (codes[first + 32] & 15) << 4);
        }
    }

    /** The inverse of {@link #packPairs}. */
    static void unpackPairs(byte[] in, int at, byte[] codes) {
        for (int i = 0; i < 128; i++) {
            int first = i / 32 * 64 + i % 32;
            codes[first] = (byte) (in[at + i] & 15);
            codes[first + 32] = (byte) (in[at + i] >> 4 & 15);
        }
    }
}
