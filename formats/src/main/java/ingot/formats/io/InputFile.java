package ingot.formats.io;

import ingot.formats.IngotException;
import ingot.formats.Text;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A regular file read by position through {@link FileChannel#read(ByteBuffer, long)}, never through a mapping: a file
 * truncated while mapped kills the JVM, a channel returns −1. Remembers what the file was when it was opened.
 */
public final class InputFile implements AutoCloseable {
    /** One read call; larger requests are split (a ByteBuffer ends at 2 GiB). */
    private static final long MAX_READ = 1 << 30;

    private static final long HEAP_READ = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final BasicFileAttributes opened;

    private InputFile(Path path, FileChannel channel, BasicFileAttributes opened) {
        this.path = path;
        this.channel = channel;
        this.opened = opened;
    }

    /**
     * Opens a regular file (links are followed; a FIFO or device is refused before it is opened, for opening one
     * blocks).
     */
    public static InputFile open(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw IngotException.BadData.in(path, "not a regular file");
            }
            return new InputFile(path, FileChannel.open(path, StandardOpenOption.READ), attributes);
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    /** An I/O failure on opening or reading {@code path} as the error that says what to do about it. */
    public static IngotException failure(Path path, IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> new IngotException.MissingInput(Text.path(path) + ": no such file");
            case AccessDeniedException denied ->
                new IngotException.Denied(Text.path(path) + ": permission denied", denied);
            default -> new IngotException.ReadWrite(Text.path(path) + ": cannot be read: " + e.getMessage(), e);
        };
    }

    public Path path() {
        return path;
    }

    /** Length in bytes when the file was opened. */
    public long size() {
        return opened.size();
    }

    /** When it was changed last, as the file system said when it was opened; ISO 8601. */
    public String modified() {
        return opened.lastModifiedTime().toString();
    }

    /**
     * Fills {@code destination} from byte {@code position} on.
     *
     * @throws IngotException.ReadWrite when the file ends before (it was truncated since it was opened)
     */
    public void read(long position, MemorySegment destination) {
        long done = 0;
        while (done < destination.byteSize()) {
            long n = Math.min(MAX_READ, destination.byteSize() - done);
            read(position + done, destination.asSlice(done, n).asByteBuffer());
            done += n;
        }
    }

    /** Fills the rest of {@code destination} from byte {@code position} on. */
    public void read(long position, ByteBuffer destination) {
        long at = position;
        int limit = destination.limit();
        try {
            while (destination.position() < limit) {
                // The JDK reads into heap memory through a direct buffer as long as the request.
                destination.limit(
                        destination.isDirect() ? limit : (int) Math.min(limit, destination.position() + HEAP_READ));
                int n = channel.read(destination, at);
                if (n < 0) {
                    throw new IngotException.ReadWrite(
                            Text.path(path) + ": @" + at + ": the file ended here while it was read; it had " + size()
                                    + " bytes when it was opened",
                            null);
                }
                at += n;
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": @" + at + ": reading failed: " + e.getMessage(), e);
        }
    }

    /**
     * Confirms that the file is still the one that was opened (same inode, length and modification time).
     *
     * @throws IngotException.BadData when it was changed or replaced meanwhile
     */
    public void requireUnchanged() {
        try {
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            boolean same = now.size() == opened.size()
                    && now.lastModifiedTime().equals(opened.lastModifiedTime())
                    && Objects.equals(now.fileKey(), opened.fileKey());
            if (!same) {
                throw IngotException.BadData.in(path, "was changed while it was read; try again");
            }
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    /**
     * Maps the whole file read-only: the very file that was opened, whatever lies under its name by now.
     *
     * @param arena ends the mapping when closed
     * @throws IngotException.ReadWrite when the file has not the length any more that it had when it was opened
     */
    public MemorySegment map(Arena arena) {
        requireIntact();
        try {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, size(), arena);
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    /**
     * Looks for signs that a file in use was changed: the length of the open file, and the modification time as long as
     * its name leads to it. A file that was deleted or replaced by a rename passes, for its bytes stay until it is
     * closed.
     *
     * <p>Bytes are not compared. What keeps length and time goes unnoticed: a write whose time was set back, and, once
     * the name leads elsewhere, any write through another hard link or a descriptor that was open before. A new time
     * alone ({@code touch}) counts as a change.
     *
     * @throws IngotException.ReadWrite when the length or the time differs
     */
    public void requireIntact() {
        try {
            if (channel.size() != size()) {
                throw damaged("it has " + channel.size() + " bytes instead of " + size());
            }
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            boolean same = Objects.equals(now.fileKey(), opened.fileKey());
            if (same && !now.lastModifiedTime().equals(opened.lastModifiedTime())) {
                throw damaged("it was written to at " + now.lastModifiedTime());
            }
        } catch (NoSuchFileException e) {
            // Deleted: the system keeps the bytes of an open file.
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    private IngotException.ReadWrite damaged(String what) {
        return new IngotException.ReadWrite(
                Text.path(path) + ": was changed while it was in use: " + what
                        + "; open it again, and replace models by a rename, never in place",
                null);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": closing failed: " + e.getMessage(), e);
        }
    }
}
