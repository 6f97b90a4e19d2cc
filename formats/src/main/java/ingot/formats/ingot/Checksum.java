package ingot.formats.ingot;

import ingot.formats.io.InputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/** CRC32C (fast, checked on demand) and SHA-256 (who made what) of a run of bytes, computed as they pass. */
public final class Checksum {
    private static final int PIECE = 1 << 20;

    private final CRC32C crc = new CRC32C();
    private final MessageDigest sha = sha256();

    /** A fresh SHA-256; every Java platform has it. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * SHA-256 of {@code length} bytes of a file from {@code from} on, in hexadecimal digits.
     *
     * @param advance is told how many bytes every piece had
     */
    public static String sha256(InputFile file, long from, long length, LongConsumer advance) {
        MessageDigest sha = sha256();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.clamp(length, 1, PIECE));
        for (long at = 0; at < length; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(PIECE, length - at));
            file.read(from + at, buffer);
            sha.update(buffer.flip());
            advance.accept(buffer.limit());
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    /** Takes all remaining bytes; the buffer's position is left as it was. */
    public void update(ByteBuffer data) {
        crc.update(data.duplicate());
        sha.update(data.duplicate());
    }

    /** Takes {@code n} zero bytes. */
    public void updateZeros(long n) {
        ByteBuffer zeros = ByteBuffer.allocate(64);
        for (long left = n; left > 0; left -= zeros.remaining()) {
            zeros.limit((int) Math.min(64, left));
            update(zeros);
        }
    }

    /** The 36 bytes of an entry; resets this. */
    public byte[] entry() {
        ByteBuffer out = ByteBuffer.allocate(IngotFormat.CHECKSUM_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt((int) crc.getValue()).put(sha.digest());
        crc.reset();
        return out.array();
    }

    /** CRC32C alone of {@code data}. */
    static int crc(ByteBuffer data) {
        CRC32C crc = new CRC32C();
        crc.update(data.duplicate());
        return (int) crc.getValue();
    }

    static int crcOf(byte[] entry) {
        return ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }

    static byte[] shaOf(byte[] entry) {
        return Arrays.copyOfRange(entry, 4, IngotFormat.CHECKSUM_BYTES);
    }
}
