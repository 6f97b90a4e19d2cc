package ingot.formats.quantized;

import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;

/**
 * What the stored zeros of a GPTQ matrix say.
 *
 * @param added to a stored zero, modulo 2^bits, to get the zero point
 * @param range of q − zero
 */
record GptqZeros(int added, IntegerMatrix.Range range) {
    private static final int STEP = 1 << 15;

    static GptqZeros scan(
            TensorSource source, TensorInfo zeros, long rows, GptqConfig.Setting setting, boolean version2) {
        int bits = setting.bits();
        int top = (1 << bits) - 1;
        boolean[] met = new boolean[top + 1];
        // A whole number of words holds a whole number of zeros of any width: 32 of them in `bits` words.
        int step = STEP / 32 * bits;
        long line = zeros.shape().dim(1);
        int[] words = new int[step];
        for (long g = 0; g < zeros.shape().dim(0); g++) {
            for (long at = 0; at < line; at += step) {
                int n = (int) Math.min(step, line - at);
                Stored.ints(source, zeros, g * line + at, words, 0, n);
                long count = Math.min((long) n * 32 / bits, rows - at * 32 / bits);
                for (int i = 0; i < count; i++) {
                    met[number(words, (long) i * bits, bits)] = true;
                }
            }
        }
        int added = added(met, setting, version2);
        int low = top;
        int high = 0;
        for (int stored = 0; stored <= top; stored++) {
            if (met[stored]) {
                low = Math.min(low, (stored + added) & top);
                high = Math.max(high, (stored + added) & top);
            }
        }
        return new GptqZeros(added, new IntegerMatrix.Range(-high, top - low));
    }

    private static int added(boolean[] met, GptqConfig.Setting setting, boolean version2) {
        int half = met.length / 2;
        int values = 0;
        for (boolean b : met) {
            values += b ? 1 : 0;
        }
        // With few codes and a quantizer that admits to zeros of its own, all of them being equal proves nothing.
        boolean telling = values == 1 && (setting.symmetric() || setting.bits() >= 4);
        if (telling && met[half - 1]) {
            return 1;
        }
        if (telling && met[half]) {
            return 0;
        }
        return version2 ? 0 : 1;
    }

    /** The number of {@code bits} bits at bit {@code at} of a stream of words, least significant first. */
    static int number(int[] words, long at, int bits) {
        int word = (int) (at / 32);
        int shift = (int) (at % 32);
        int value = words[word] >>> shift;
        if (shift + bits > 32) {
            value |= words[word + 1] << (32 - shift);
        }
        return value & ((1 << bits) - 1);
    }
}
