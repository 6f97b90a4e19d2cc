package ingot.formats.io;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears whole or not at all: written to {@code .NAME.part} in the same folder, forced, renamed over the
 * target, the folder forced. A second writer of the same target is refused; what a killed one left is overwritten.
 * Written through a channel, never through a mapping, because on a full disk only {@code write} reports the error.
 */
public final class AtomicFile implements AutoCloseable {
    /** Bytes after which writing to the disk begins. */
    private static final long FLUSH = 32 << 20;

    private final Path target;
    private final Path temporary;
    private final long expectedBytes;
    private final OutputLock lock;
    private final FileChannel channel;
    private final Thread cleaner;
    private volatile boolean committed;

    /** Bytes that were written and not yet asked to be forced. */
    private final AtomicLong unforced = new AtomicLong();

    /** The forcing under way or the last one; its failure is told by {@link #force}, for the system tells it once. */
    private volatile FutureTask<@Nullable IOException> flush = nothing();

    private AtomicFile(Path target, Path temporary, long expectedBytes, OutputLock lock, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.expectedBytes = expectedBytes;
        this.lock = lock;
        this.channel = channel;
        // Ctrl-C: no temporary file stays behind (kill -9 leaves it; the next run overwrites it).
        this.cleaner = new Thread(this::discard);
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    /**
     * Prepares the output before anything is computed.
     *
     * @param expectedBytes final length, named when the disk is too small
     * @throws IngotException.CannotCreate when the folder is missing or read-only, or the target exists and
     *     {@code overwrite} is false
     * @throws IngotException.ReadWrite when the disk cannot hold {@code expectedBytes} or the target is no regular file
     * @throws IngotException.Busy when another process is writing the same target
     */
    public static AtomicFile create(Path target, boolean overwrite, long expectedBytes) {
        requireCreatable(target, overwrite, expectedBytes);
        Path absolute = target.toAbsolutePath();
        OutputLock lock = OutputLock.take(absolute);
        try {
            Path temporary = absolute.resolveSibling("." + Folders.name(absolute) + ".part");
            removeStale(target, temporary);
            requireSpace(target, Folders.of(absolute), expectedBytes);
            return new AtomicFile(absolute, temporary, expectedBytes, lock, open(target, temporary));
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Refuses at once what {@link #create} would refuse in the end, before long work whose result is to be kept there.
     *
     * @throws IngotException as {@link #create}, but for the disk's size and other writers
     */
    public static void requireCreatable(Path target, boolean overwrite, long expectedBytes) {
        Path absolute = target.toAbsolutePath();
        Path folder = Folders.of(absolute);
        if (!Files.isDirectory(folder)) {
            throw new IngotException.CannotCreate(
                    Text.path(target) + ": the folder " + Text.path(folder) + " does not exist; create it first", null);
        }
        if (Files.exists(absolute, LinkOption.NOFOLLOW_LINKS)) {
            if (Files.isDirectory(absolute)) {
                throw new IngotException.CannotCreate(Text.path(target) + ": is a folder; name a file", null);
            }
            if (!Files.isRegularFile(absolute)) {
                throw new IngotException.ReadWrite(
                        Text.path(target) + ": not a regular file; " + expectedBytes + " bytes cannot be kept there",
                        null);
            }
            if (!overwrite) {
                throw new IngotException.CannotCreate(
                        Text.path(target) + ": exists already; --force replaces it", null);
            }
        }
    }

    private static FileChannel open(Path target, Path temporary) {
        try {
            return FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(target) + ": cannot be created: " + Text.reason(e), e);
        }
    }

    /** What a killed writer left must not count against the space this one needs; the lock says nobody writes it. */
    private static void removeStale(Path target, Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(target) + ": cannot be created: " + Text.reason(e), e);
        }
    }

    /**
     * Refuses what a disk cannot hold.
     *
     * @param target what is to be written, for the message
     * @param folder that exists on the disk
     * @throws IngotException.ReadWrite when fewer than {@code bytes} are left there
     */
    public static void requireSpace(Path target, Path folder, long bytes) {
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (free < bytes) {
                throw new IngotException.ReadWrite(
                        Text.path(target) + ": needs " + bytes + " bytes, the disk has " + free + " left", null);
            }
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(target) + ": cannot be created: " + Text.reason(e), e);
        }
    }

    /** Writes all remaining bytes at {@code position}; several threads may write different places. */
    public void write(long position, ByteBuffer data) {
        long begin = position - data.position();
        try {
            Transfer.write(channel, position, data);
            flush(begin + data.position() - position);
        } catch (IOException e) {
            throw failed("writing failed at byte " + (begin + data.position()) + " of " + expectedBytes + " needed", e);
        }
    }

    /** Reads back what was written, to check it before it is given its name. */
    public void read(long position, ByteBuffer data) {
        long begin = position - data.position();
        try {
            if (!Transfer.read(channel, position, data)) {
                throw failed("is shorter than what was written (" + (begin + data.position()) + " bytes)", null);
            }
        } catch (IOException e) {
            throw failed("cannot be read back at byte " + (begin + data.position()), e);
        }
    }

    private static FutureTask<@Nullable IOException> nothing() {
        FutureTask<@Nullable IOException> done = new FutureTask<>(() -> null);
        done.run();
        return done;
    }

    /** Lets the disk begin while the rest is computed: else all of the file would wait for it in the end. */
    private void flush(long written) {
        if (unforced.addAndGet(written) < FLUSH) {
            return;
        }
        synchronized (unforced) {
            if (flush.isDone() && flush.resultNow() == null) {
                unforced.set(0);
                flush = new FutureTask<>(this::forced);
                Thread.ofPlatform().daemon().name("flush").start(flush);
            }
        }
    }

    private @Nullable IOException forced() {
        try {
            channel.force(false);
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    /** Forces the bytes to the disk; call before reading back and {@link #commit}. */
    public void force() {
        try {
            IOException earlier = flush.get();
            if (earlier != null) {
                throw earlier;
            }
            channel.force(true);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw failed("cannot be forced to disk (" + expectedBytes + " bytes)", e);
        }
    }

    /** Gives the file its name. After this the target is the new file, whatever happens. */
    public void commit() {
        force();
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            committed = true;
        } catch (AtomicMoveNotSupportedException e) {
            throw failed("this file system cannot rename atomically", e);
        } catch (IOException e) {
            throw failed("cannot be renamed into place", e);
        }
        try (FileChannel folder = FileChannel.open(Folders.of(target), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (IOException e) {
            // Some systems cannot force a folder; the file itself is on disk and in place.
        }
    }

    private IngotException.ReadWrite failed(String what, @Nullable IOException cause) {
        String why = cause == null ? "" : ": " + Text.reason(cause);
        return new IngotException.ReadWrite(Text.path(target) + ": " + what + why, cause);
    }

    private void discard() {
        try {
            channel.close();
            if (!committed) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // The next run overwrites it.
        }
        lock.close();
    }

    /** Removes the temporary file unless {@link #commit} was reached. */
    @Override
    public void close() {
        discard();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // Shutting down already: the hook runs by itself.
        }
    }
}
