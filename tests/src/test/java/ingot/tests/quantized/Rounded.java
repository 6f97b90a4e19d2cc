package ingot.tests.quantized;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;

/**
 * A matrix rounded to an integer grid the plain way, in double: q = round(w ÷ scale) + zero, clamped. The scale of a symmetric
 * grid is that of AutoGPTQ and compressed-tensors, 2·max|w| ÷ (2^bits − 1), so that the lowest code does occur.
 *
 * @param q codes [out][in], 0 … 2^bits − 1
 * @param zero [out][groups]
 * @param scale [out][groups], representable in the type it will be stored in
 * @param groupOf group of every column
 */
record Rounded(int bits, int[][] q, int[][] zero, float[][] scale, int[] groupOf) {
    /** How the scale is rounded before it is used. */
    interface Precision {
        float of(double x);
    }

    static final Precision F16 = x -> Float.float16ToFloat(Float.floatToFloat16((float) x));
    static final Precision BF16 = x -> Float.intBitsToFloat((Float.floatToRawIntBits((float) x) + 0x8000) & 0xFFFF0000);
    static final Precision F32 = x -> (float) x;

    static Rounded of(float[] w, int out, int bits, boolean symmetric, int[] groupOf, Precision precision) {
        int in = w.length / out;
        int groups = Arrays.stream(groupOf).max().orElseThrow() + 1;
        int top = (1 << bits) - 1;
        int half = 1 << (bits - 1);
        int[][] q = new int[out][in];
        int[][] zero = new int[out][groups];
        float[][] scale = new float[out][groups];
        for (int o = 0; o < out; o++) {
            for (int g = 0; g < groups; g++) {
                double min = 0;
                double max = 0;
                for (int i = 0; i < in; i++) {
                    if (groupOf[i] == g) {
                        min = Math.min(min, w[o * in + i]);
                        max = Math.max(max, w[o * in + i]);
                    }
                }
                scale[o][g] =
                        precision.of(symmetric ? 2 * Math.max(-min, max) / top : Math.max(1e-3, (max - min) / top));
                zero[o][g] = symmetric ? half : (int) Math.clamp(Math.round(-min / scale[o][g]), 1, top);
            }
            for (int i = 0; i < in; i++) {
                int g = groupOf[i];
                double x = scale[o][g] == 0 ? 0 : w[o * in + i] / (double) scale[o][g];
                q[o][i] = (int) Math.clamp((long) Math.rint(x) + zero[o][g], 0, top);
            }
        }
        return new Rounded(bits, q, zero, scale, groupOf);
    }

    int out() {
        return q.length;
    }

    int in() {
        return groupOf.length;
    }

    int groups() {
        return zero[0].length;
    }

    /** What the codes mean; the double product is rounded once. */
    float[] values() {
        float[] values = new float[out() * in()];
        for (int o = 0; o < out(); o++) {
            for (int i = 0; i < in(); i++) {
                int g = groupOf[i];
                values[o * in() + i] = (float) ((q[o][i] - zero[o][g]) * (double) scale[o][g]);
            }
        }
        return values;
    }

    static int[] evenGroups(int in, int size) {
        int[] groupOf = new int[in];
        Arrays.setAll(groupOf, i -> i / size);
        return groupOf;
    }

    /** The same sizes, the columns in another order. */
    static int[] shuffledGroups(int in, int size, Random random) {
        int[] groupOf = evenGroups(in, size);
        for (int i = in - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int t = groupOf[i];
            groupOf[i] = groupOf[j];
            groupOf[j] = t;
        }
        return groupOf;
    }

    /** Numbers of {@code bits} bits as one long binary number, the first lowest, cut into 32-bit words. */
    static int[] stream(int[] numbers, int bits) {
        BigInteger all = BigInteger.ZERO;
        for (int i = 0; i < numbers.length; i++) {
            all = all.or(BigInteger.valueOf(numbers[i]).shiftLeft(bits * i));
        }
        int[] words = new int[(numbers.length * bits + 31) / 32];
        for (int w = 0; w < words.length; w++) {
            words[w] = all.shiftRight(32 * w).intValue();
        }
        return words;
    }
}
