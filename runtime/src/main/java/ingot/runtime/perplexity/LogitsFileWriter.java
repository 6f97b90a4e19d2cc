package ingot.runtime.perplexity;

import ingot.formats.io.AtomicFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Writes a {@link LogitsFile}: rows in order; the file appears under its name only on {@link #commit}. */
public final class LogitsFileWriter implements AutoCloseable {
    private final AtomicFile file;
    private final ByteBuffer row;
    private long position;

    /**
     * Replaces an existing file, as the field's tool does.
     *
     * @param tokens chunks × context of them
     * @throws ingot.formats.IngotException as {@link AtomicFile#create}
     */
    public LogitsFileWriter(Path path, PerplexityOptions options, int vocab, int[] tokens) {
        int chunks = tokens.length / options.context();
        ByteBuffer header = ByteBuffer.allocate(Math.addExact(LogitsFile.HEADER, Math.multiplyExact(4, tokens.length)))
                .order(ByteOrder.LITTLE_ENDIAN);
        header.put(LogitsFile.MAGIC).putInt(options.context()).putInt(vocab).putInt(chunks);
        for (int t : tokens) {
            header.putInt(t);
        }
        long rows = Math.multiplyExact((long) chunks * options.scored(), LogitsFile.rowBytes(vocab));
        this.row = ByteBuffer.allocate(Math.toIntExact(LogitsFile.rowBytes(vocab)));
        this.file = AtomicFile.create(path, true, header.capacity() + rows);
        write(header.flip());
    }

    /**
     * Appends the next scored position.
     *
     * @param logits [vocab]
     * @param logSumExp of {@code logits}
     */
    public void append(float[] logits, double logSumExp) {
        row.clear();
        LogitsFile.encode(logits, logSumExp, row);
        write(row.flip());
    }

    private void write(ByteBuffer bytes) {
        int n = bytes.remaining();
        file.write(position, bytes);
        position += n;
    }

    /** Makes the finished file appear under its name. */
    public void commit() {
        file.commit();
    }

    /** Removes what was not committed. */
    @Override
    public void close() {
        file.close();
    }
}
