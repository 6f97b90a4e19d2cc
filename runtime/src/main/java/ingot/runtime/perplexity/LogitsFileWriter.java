package ingot.runtime.perplexity;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes a {@link LogitsFile}: rows in order, under a temporary name until {@link #commit}. */
public final class LogitsFileWriter implements AutoCloseable {
    private final Path path;
    private final Path temporary;
    private final FileChannel channel;
    private final ByteBuffer row;

    /**
     * @param tokens chunks × context of them
     * @throws IngotException.CannotCreate when the folder does not take a file
     */
    public LogitsFileWriter(Path path, int context, int vocab, int[] tokens) {
        this.path = path;
        this.temporary = path.resolveSibling(path.getFileName() + ".part");
        this.row = ByteBuffer.allocate(Math.toIntExact(LogitsFile.rowBytes(vocab)));
        try {
            this.channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(path) + ": cannot be created: " + e.getMessage(), e);
        }
        ByteBuffer header = ByteBuffer.allocate(LogitsFile.HEADER + Math.multiplyExact(4, tokens.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        header.put(LogitsFile.MAGIC).putInt(context).putInt(vocab).putInt(tokens.length / context);
        for (int t : tokens) {
            header.putInt(t);
        }
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
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": cannot be written: " + e.getMessage(), e);
        }
    }

    /** Makes the finished file appear under its name. */
    public void commit() {
        try {
            channel.force(true);
            channel.close();
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": cannot be written: " + e.getMessage(), e);
        }
    }

    /** Removes what was not committed. */
    @Override
    public void close() {
        try {
            channel.close();
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(temporary) + ": " + e.getMessage(), e);
        }
    }
}
