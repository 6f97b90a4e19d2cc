package ingot.cli;

import ingot.formats.IngotException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Lines as bytes, ended by LF or CR LF, none longer than 64 MiB. */
final class LineReader {
    private static final int MAX_LINE = 64 << 20;

    private final InputStream in;
    private final String name;
    private int number;

    /** @param name of the source, for errors */
    LineReader(InputStream in, String name) {
        this.in = new BufferedInputStream(in, 1 << 16);
        this.name = name;
    }

    /** The next line without its end; null at the end of the input. */
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = in.read();
        if (b < 0) {
            return null;
        }
        number++;
        while (b >= 0 && b != '\n') {
            if (line.size() == MAX_LINE) {
                throw new IngotException.BadData(position() + ": longer than " + MAX_LINE + " bytes");
            }
            line.write(b);
            b = in.read();
        }
        byte[] bytes = line.toByteArray();
        boolean cr = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
        return cr ? Arrays.copyOf(bytes, bytes.length - 1) : bytes;
    }

    /** {@code NAME, line N} of the line last read. */
    String position() {
        return name + ", line " + number;
    }
}
