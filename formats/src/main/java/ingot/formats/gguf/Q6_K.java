package ingot.formats.gguf;

/**
 * 256 weights in 210 bytes: 128 bytes of low nibbles, 64 bytes of upper 2 bits, sixteen signed 8-bit scales, f16 d. A half of
 * 128 weights has 64 and 32 of these bytes; in its quarter j, weight l has the low (j &lt; 2) or high nibble of byte 32·(j mod
 * 2) + l and bits 2j, 2j+1 of byte l. w = (d · scale) · (q − 32).
 */
record Q6_K() implements BlockType {
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
}
