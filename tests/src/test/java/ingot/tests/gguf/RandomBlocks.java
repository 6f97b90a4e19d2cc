package ingot.tests.gguf;

import java.util.Random;

/** Blocks of random codes with finite scales, by ggml's numbers of the types. */
final class RandomBlocks {
    static final int Q4_0 = 2;
    static final int Q5_0 = 6;
    static final int Q8_0 = 8;
    static final int IQ4_NL = 20;
    static final int MXFP4 = 39;

    private RandomBlocks() {}

    static byte[] of(int type, int blocks, int seed) {
        return switch (type) {
            case Q8_0 -> q8(blocks, seed);
            case Q4_0, IQ4_NL -> scales(random(18 * blocks, seed), 18, seed);
            case Q5_0 -> scales(random(22 * blocks, seed), 22, seed);
            case MXFP4 -> exponents(random(17 * blocks, seed));
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    /** llama.cpp never writes −128. */
    private static byte[] q8(int blocks, int seed) {
        byte[] data = random(34 * blocks, seed);
        for (int i = 0; i < data.length; i++) {
            data[i] = data[i] == -128 ? 1 : data[i];
        }
        return scales(data, 34, seed);
    }

    /** MXFP4 scales that an f16 has: 2^-24 to 2^15. */
    private static byte[] exponents(byte[] data) {
        for (int at = 0; at < data.length; at += 17) {
            data[at] = (byte) (104 + (data[at] & 0xFF) % 40);
        }
        return data;
    }

    /** Scales of both signs, zero and subnormal among them. */
    private static byte[] scales(byte[] data, int size, int seed) {
        Random random = new Random(seed);
        for (int at = 0; at < data.length; at += size) {
            short bits = Float.floatToFloat16((float) random.nextGaussian() / 50);
            bits = at / size % 7 == 3 ? (short) 0x0015 : at / size % 7 == 5 ? 0 : bits;
            data[at] = (byte) bits;
            data[at + 1] = (byte) (bits >> 8);
        }
        return data;
    }

    private static byte[] random(int n, int seed) {
        byte[] data = new byte[n];
        new Random(seed).nextBytes(data);
        return data;
    }
}
