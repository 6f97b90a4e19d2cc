package ingot.formats.torch;

import ingot.formats.io.InputFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;

/** An {@link InputFile} as the channel that the zip library wants. Closing it leaves the file open. */
final class InputChannel implements SeekableByteChannel {
    private final InputFile file;
    private long position;
    private boolean open = true;

    InputChannel(InputFile file) {
        this.file = file;
    }

    @Override
    public int read(ByteBuffer destination) throws ClosedChannelException {
        if (!open) {
            throw new ClosedChannelException();
        }
        long left = file.size() - position;
        if (left <= 0) {
            return -1;
        }
        int n = (int) Math.min(left, destination.remaining());
        int limit = destination.limit();
        file.read(position, destination.limit(destination.position() + n));
        destination.limit(limit);
        position += n;
        return n;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public SeekableByteChannel position(long newPosition) {
        if (newPosition < 0) {
            throw new IllegalArgumentException("position " + newPosition);
        }
        position = newPosition;
        return this;
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
    }
}
