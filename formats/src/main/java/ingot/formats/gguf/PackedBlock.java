package ingot.formats.gguf;

/**
 * A block type that Ingot also writes. Packing puts given numbers into the bytes of a block and says nothing of how they
 * are chosen; {@code pack} and {@code unpack} are inverse to each other, bit for bit.
 */
public sealed interface PackedBlock extends BlockType
        permits Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS {
    /** Smallest code. */
    int lowest();

    /** Largest code. */
    int highest();

    /** Groups of neighbouring weights that have a scale of their own; 1 for types of 32 weights. */
    default int groups() {
        return 1;
    }

    /** What a code stands for before it is multiplied: itself, or the entry of a table. */
    default int value(int code) {
        return code;
    }

    /** Numbers of a block, all 0. */
    default BlockNumbers numbers() {
        return new BlockNumbers(weights(), 0, 0);
    }

    /** Writes the block {@code out[at … at + bytes)}. */
    void pack(BlockNumbers numbers, byte[] out, int at);

    /** Reads the block {@code in[at … at + bytes)}. */
    void unpack(byte[] in, int at, BlockNumbers numbers);

    /** f16 bits at {@code in[at]}, little-endian. */
    static short bits(byte[] in, int at) {
        return (short) (in[at] & 0xFF | in[at + 1] << 8);
    }

    /** Puts f16 bits to {@code out[at]}, little-endian. */
    static void bits(short value, byte[] out, int at) {
        out[at] = (byte) value;
        out[at + 1] = (byte) (value >> 8);
    }

    /** Bytes of nibbles: byte j has code j (low) and code j + 16 (high), {@code bias} added and taken modulo 16. */
    static void packNibbles(byte[] codes, int from, int bias, byte[] out, int at) {
        for (int j = 0; j < 16; j++) {
            out[at + j] = (byte) (codes[from + j] + bias & 15 | (codes[from + 16 + j] + bias & 15) << 4);
        }
    }

    /** The inverse of {@link #packNibbles} without a bias. */
    static void unpackNibbles(byte[] in, int at, byte[] codes, int to) {
        for (int j = 0; j < 16; j++) {
            codes[to + j] = (byte) (in[at + j] & 15);
            codes[to + 16 + j] = (byte) (in[at + j] >> 4 & 15);
        }
    }
}
