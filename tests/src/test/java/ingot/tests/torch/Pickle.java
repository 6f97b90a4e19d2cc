package ingot.tests.torch;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles instruction by instruction, right ones and wrong ones. */
public final class Pickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Protocol 2, as torch.save writes. */
    public static Pickle begin() {
        return new Pickle().raw(0x80, 2);
    }

    /** Bytes as they are. */
    public Pickle raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    /** Bytes as they are. */
    public Pickle raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** Instructions by their letters. */
    public Pickle op(String letters) {
        return raw(letters.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** BINUNICODE. */
    public Pickle text(String s) {
        byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
        return op("X").raw(little(utf8.length, 4)).raw(utf8);
    }

    /** BININT, or LONG1 of eight bytes. */
    public Pickle whole(long n) {
        return n == (int) n ? op("J").raw(little(n, 4)) : raw(0x8a, 8).raw(little(n, 8));
    }

    /** GLOBAL. */
    public Pickle global(String module, String name) {
        return op("c" + module + "\n" + name + "\n");
    }

    /** A tuple of integers. */
    public Pickle tuple(long... values) {
        op("(");
        for (long v : values) {
            whole(v);
        }
        return op("t");
    }

    /** An empty OrderedDict. */
    public Pickle ordered() {
        return global("collections", "OrderedDict").op(")R");
    }

    /** @param view None, or what a legacy file appends; empty for the zip layout */
    public Pickle storage(String type, String key, long numel, String view) {
        return op("(").text("storage")
                .global("torch", type)
                .text(key)
                .text("cpu")
                .whole(numel)
                .op(view)
                .op("tQ");
    }

    /** {@code _rebuild_tensor_v2} over a storage that is pushed by the caller just before: MARK must be there. */
    public Pickle rebuilt(long offset, long[] size, long[] stride) {
        return whole(offset).tuple(size).tuple(stride).raw(0x89).ordered().op("tR");
    }

    /** {@code _rebuild_tensor_v2} of a whole storage of a zip file. */
    public Pickle tensor(String type, String key, long numel, long[] size, long[] stride) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .op("(")
                .storage(type, key, numel, "")
                .rebuilt(0, size, stride);
    }

    /** STOP, and all that was written. */
    public byte[] stop() {
        return op(".").out.toByteArray();
    }

    /** The low {@code n} bytes, lowest first. */
    public static byte[] little(long value, int n) {
        byte[] eight = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return java.util.Arrays.copyOf(eight, n);
    }
}
