package ingot.formats.io;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * At most one writer of an output: a lock on {@code .NAME.lock} beside it, held by the operating system, so a killed
 * writer frees it. The file is deleted at the end; whoever locks one that was deleted meanwhile notices, because the
 * length it gives it does not appear under the name, and takes the new one.
 */
public final class OutputLock implements AutoCloseable {
    private static final int MAX_TOKEN = 4096;

    private final Path path;
    private final FileChannel channel;

    private OutputLock(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Takes the lock of {@code target}, which need not exist.
     *
     * @throws IngotException.Busy when another writer holds it, in this process or another
     */
    public static OutputLock take(Path target) {
        Path path = target.resolveSibling("." + Folders.name(target) + ".lock");
        try {
            while (true) {
                FileChannel channel = FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS);
                if (tryLock(channel) == null) {
                    channel.close();
                    throw new IngotException.Busy(
                            Text.path(target) + ": another process is writing it; try again when it has finished");
                }
                OutputLock lock = new OutputLock(path, channel);
                try {
                    if (isCurrent(path, channel)) {
                        return lock;
                    }
                    channel.close();
                } catch (IOException e) {
                    lock.close();
                    throw new IngotException.ReadWrite(
                            Text.path(target) + ": not even its lock file can be written: " + Text.reason(e), e);
                }
            }
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(target) + ": cannot be created: " + Text.reason(e), e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // Held by this very JVM.
        }
    }

    /**
     * Whether {@code path} is still the file behind {@code channel}: it must follow two changes of length. Never by opening
     * it, because closing any descriptor of a file gives up every lock this process has on it (POSIX).
     */
    private static boolean isCurrent(Path path, FileChannel channel) throws IOException {
        int first = ThreadLocalRandom.current().nextInt(1, MAX_TOKEN);
        for (int length : new int[] {first, first + 1}) {
            channel.truncate(0);
            channel.write(ByteBuffer.allocate(length), 0);
            try {
                if (Files.size(path) != length) {
                    return false;
                }
            } catch (NoSuchFileException e) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        if (!channel.isOpen()) {
            return;
        }
        try {
            Files.deleteIfExists(path);
            channel.close();
        } catch (IOException e) {
            // A lock file that stays is harmless: the lock itself ends with the process.
        }
    }
}
