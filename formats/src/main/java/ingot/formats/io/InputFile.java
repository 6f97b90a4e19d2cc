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
import java.util.Optional;

/**
 * A regular file read by position through {@link FileChannel#read(ByteBuffer, long)}, never through a mapping: a file
 * truncated while mapped kills the JVM, a channel returns −1. Remembers what the file was when it was opened.
 *
 * <p>A model may lie in more files than a process may have open, and classes need descriptors, too. Whoever opens a set of
 * files calls {@link #oneOf} on each: where there are many, each use opens the file for itself.
 */
public final class InputFile implements AutoCloseable {
    /** One read call; larger requests are split (a ByteBuffer ends at 2 GiB). */
    private static final long MAX_READ = 1 << 30;

    /** Files of a set that may stay open together; the usual limit of a process is 256 or 1024. */
    private static final int MANY = 32;

    private static final String ANOTHER = "another file has its name, or none";

    private final Path path;
    private final FileChannel channel;
    private final BasicFileAttributes opened;

    /** Whether {@link #channel} is closed and each use opens the file. */
    private volatile boolean released;

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
            default ->
                Text.reason(e).startsWith("Too many open files")
                        ? new IngotException.OutOfResources(Text.path(path)
                                + ": cannot be opened: too many files are open; allow more: ulimit -n 1024")
                        : new IngotException.ReadWrite(Text.path(path) + ": cannot be read: " + Text.reason(e), e);
        };
    }

    /**
     * Says that the file is one of {@code files} in use together. Of many none keeps a descriptor: each is opened again when
     * it is read, and then has to be the same file.
     */
    public void oneOf(int files) {
        if (files > MANY) {
            released = true;
            close();
        }
    }

    /** What is done with the open file. */
    private interface Use<T> {
        T with(FileChannel channel) throws IOException;
    }

    private <T> T use(Use<T> use) throws IOException {
        if (!released) {
            return use.with(channel);
        }
        try (FileChannel again = FileChannel.open(path, StandardOpenOption.READ)) {
            if (named().isEmpty()) {
                throw changed(ANOTHER);
            }
            return use.with(again);
        } catch (NoSuchFileException e) {
            throw changed(ANOTHER);
        }
    }

    public Path path() {
        return path;
    }

    /** Length in bytes when the file was opened. */
    public long size() {
        return opened.size();
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
        long begin = position - destination.position();
        try {
            if (!use(open -> Transfer.read(open, position, destination))) {
                throw new IngotException.ReadWrite(
                        Text.path(path) + ": @" + (begin + destination.position())
                                + ": the file ended here while it was read; it had " + size()
                                + " bytes when it was opened",
                        null);
            }
        } catch (IOException e) {
            throw new IngotException.ReadWrite(
                    Text.path(path) + ": @" + (begin + destination.position()) + ": reading failed: " + Text.reason(e),
                    e);
        }
    }

    /**
     * Confirms that what lies under the name is still the very file that was opened, without signs of a change: for what is
     * kept of it and names it, as a provenance does. {@link #requireIntact} asks only after the bytes that are in use.
     *
     * @throws IngotException.BadData when it was changed, replaced or deleted meanwhile
     */
    public void requireUnchanged() {
        Optional<BasicFileAttributes> named = named();
        Optional<String> change = named.isEmpty() ? Optional.of(ANOTHER) : change(named);
        change.ifPresent(what -> {
            throw changed(what);
        });
    }

    private IngotException.BadData changed(String what) {
        return IngotException.BadData.in(path, "was changed while it was read (" + what + "); try again");
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
            return use(open -> open.map(FileChannel.MapMode.READ_ONLY, 0, size(), arena));
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
        change(named()).ifPresent(this::refuse);
    }

    /**
     * Looks only whether the open file is as long as it was: whether all of what is mapped can be read.
     *
     * @throws IngotException.ReadWrite when it is not
     */
    public void requireLength() {
        change(Optional.empty()).ifPresent(this::refuse);
    }

    private void refuse(String what) {
        throw new IngotException.ReadWrite(
                Text.path(path) + ": was changed while it was in use: " + what
                        + "; open it again, and replace models by a rename, never in place",
                null);
    }

    /** What the file system says now, if the name still leads to the file that was opened. */
    private Optional<BasicFileAttributes> named() {
        try {
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            return Optional.of(now).filter(n -> Objects.equals(n.fileKey(), opened.fileKey()));
        } catch (NoSuchFileException e) {
            // Deleted: the system keeps the bytes of an open file.
            return Optional.empty();
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    /** A sign that the open file is not what it was. */
    private Optional<String> change(Optional<BasicFileAttributes> named) {
        try {
            long now = use(FileChannel::size);
            if (now != size()) {
                return Optional.of("it has " + now + " bytes instead of " + size());
            }
        } catch (IOException e) {
            throw failure(path, e);
        }
        return named.map(BasicFileAttributes::lastModifiedTime)
                .filter(time -> !time.equals(opened.lastModifiedTime()))
                .map(time -> "it was written to at " + time);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": closing failed: " + Text.reason(e), e);
        }
    }
}
