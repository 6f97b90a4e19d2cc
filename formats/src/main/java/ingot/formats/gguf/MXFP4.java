package ingot.formats.gguf;

/**
 * 32 weights in 17 bytes (OCP Microscaling): an exponent byte e; nibbles as in {@link Q4_0} with E2M1 numbers, here doubled
 * to integers: w = 2^(e − 128) · value. ggml gives e = 255 no meaning of its own (the specification: NaN), nor is there one
 * here.
 */
record MXFP4() implements IntegerBlock {
    private static final byte[] TABLE = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    @Override
    public int weights() {
        return 32;
    }

    @Override
    public int bytes() {
        return 17;
    }

    @Override
    public GgmlType.Integers bounds() {
        return new GgmlType.Integers(-12, 12);
    }

    @Override
    public float scale(byte[] in, int at) {
        int e = in[at] & 0xFF;
        // 2^-128 and 2^-127 are subnormal.
        return Float.intBitsToFloat(e < 2 ? 0x00200000 << e : (e - 1) << 23);
    }

    @Override
    public void integers(byte[] in, int at, float[] out, int to) {
        for (int j = 0; j < 16; j++) {
            int q = in[at + 1 + j];
            out[to + j] = TABLE[q & 15];
            out[to + 16 + j] = TABLE[q >> 4 & 15];
        }
    }
}
