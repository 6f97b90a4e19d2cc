package ingot.formats.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Whole transfers at a position: a channel may move fewer bytes than were asked for. How far one came that failed is what
 * the position of its buffer says.
 */
public final class Transfer {
    /** The JDK reads into heap memory through a direct buffer as long as the request. */
    private static final int HEAP_READ = 1 << 20;

    private Transfer() {}

    /** Fills the rest of {@code out} from byte {@code at} on; false when the file ends before. */
    public static boolean read(FileChannel file, long at, ByteBuffer out) throws IOException {
        int limit = out.limit();
        long begin = at - out.position();
        try {
            while (out.position() < limit) {
                out.limit(out.isDirect() ? limit : (int) Math.min(limit, (long) out.position() + HEAP_READ));
                if (file.read(out, begin + out.position()) < 0) {
                    return false;
                }
            }
            return true;
        } finally {
            out.limit(limit);
        }
    }

    /** Writes the rest of {@code bytes} from byte {@code at} on. */
    public static void write(FileChannel file, long at, ByteBuffer bytes) throws IOException {
        long begin = at - bytes.position();
        while (bytes.hasRemaining()) {
            file.write(bytes, begin + bytes.position());
        }
    }
}
