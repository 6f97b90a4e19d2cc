package ingot.quant.calibration;

import ingot.formats.io.InputFile;
import ingot.formats.io.Transfer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Rows of f32 in a file: activations of the calibration set, too many for the heap. What was written last is in the page
 * cache, so this costs a copy, and memory stays the operating system's to reclaim. For one thread, but for what is written
 * {@linkplain #writeBehind behind it}.
 */
final class RowFile implements AutoCloseable {
    private static final int BUFFER = 1 << 20;

    private final Path path;
    private final int width;
    private final FileChannel channel;
    private final ByteBuffer bytes;
    private final FloatBuffer floats;
    private CompletableFuture<Void> behind = CompletableFuture.completedFuture(null);

    private RowFile(Path path, int width, FileChannel channel) {
        this.path = path;
        this.width = width;
        this.channel = channel;
        this.bytes = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        this.floats = bytes.asFloatBuffer();
    }

    /** An empty file in place of any other. */
    static RowFile create(Path path, int width) {
        return open(
                path,
                width,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /** A file of an earlier run. */
    static RowFile open(Path path, int width) {
        return open(path, width, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static RowFile open(Path path, int width, StandardOpenOption... options) {
        try {
            return new RowFile(path, width, FileChannel.open(path, options));
        } catch (IOException e) {
            throw InputFile.failure(path, e);
        }
    }

    int width() {
        return width;
    }

    /** Rows {@code first … first + n} → {@code out[0 … n × width)}. */
    void read(long first, int n, float[] out) {
        transfer(first, n, out, 0, true);
    }

    void write(long first, int n, float[] rows) {
        transfer(first, n, rows, 0, false);
    }

    /**
     * Writes while the caller goes on; {@code rows} must stay as they are until {@link #settle}, or the next call of anything
     * else. A failure is told then; one that nobody asks for any more goes with the file.
     */
    void writeBehind(long first, int n, float[] rows) {
        settle();
        behind = CompletableFuture.runAsync(
                () -> unsettled(first, n, rows, 0, false),
                write -> Thread.ofPlatform().daemon().name("ingot-writer").start(write));
    }

    /** Waits until everything is written; throws what that threw. */
    void settle() {
        try {
            behind.join();
        } catch (CompletionException e) {
            behind = CompletableFuture.completedFuture(null);
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw e;
            }
        }
    }

    /** Rows by number, ascending, → out, one behind the other. */
    void gather(int[] numbers, int from, int n, float[] out) {
        scattered(numbers, from, n, out, true);
    }

    /** Writes rows by number, ascending. */
    void scatter(int[] numbers, int from, int n, float[] rows) {
        scattered(numbers, from, n, rows, false);
    }

    private void scattered(int[] numbers, int from, int n, float[] rows, boolean reading) {
        int at = 0;
        while (at < n) {
            int run = 1;
            while (at + run < n && numbers[from + at + run] == numbers[from + at] + run) {
                run++;
            }
            transfer(numbers[from + at], run, rows, at * width, reading);
            at += run;
        }
    }

    private void transfer(long first, int n, float[] rows, int at, boolean reading) {
        settle();
        unsettled(first, n, rows, at, reading);
    }

    private void unsettled(long first, int n, float[] rows, int at, boolean reading) {
        long position = first * width * Float.BYTES;
        int left = Math.multiplyExact(n, width);
        while (left > 0) {
            int count = Math.min(left, floats.capacity());
            bytes.clear().limit(count * Float.BYTES);
            floats.clear();
            try {
                if (reading) {
                    if (!Transfer.read(channel, position, bytes)) {
                        throw new IOException("activations end at byte " + (position + bytes.position()));
                    }
                    floats.get(rows, at, count);
                } else {
                    floats.put(rows, at, count);
                    Transfer.write(channel, position, bytes);
                }
            } catch (IOException e) {
                throw reading ? InputFile.failure(path, e) : WorkFiles.unwritable(path, e);
            }
            position += (long) count * Float.BYTES;
            at += count;
            left -= count;
        }
    }

    /** Forces what was written to the disk. */
    void force() {
        settle();
        try {
            channel.force(false);
        } catch (IOException e) {
            throw WorkFiles.unwritable(path, e);
        }
    }

    @Override
    public void close() {
        // The channel stays open as long as somebody writes.
        behind.handle((written, failed) -> written).join();
        try {
            channel.close();
        } catch (IOException e) {
            throw InputFile.failure(path, e);
        }
    }
}
