package ingot.formats.ingot;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.Text;
import ingot.formats.block.Part;
import ingot.formats.io.AtomicFile;
import ingot.formats.safetensors.SafetensorsWriter;
import ingot.formats.safetensors.SafetensorsWriter.Slot;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * Writes an .ingot file in one pass: every byte of data is written once, checksummed as it passes; then header and
 * checksums, whose lengths were known from the start; then all of it is read back, and only then the file gets its name.
 *
 * <p>Different tensors may be written by different threads; the bytes do not depend on who wrote when.
 */
public final class IngotWriter implements AutoCloseable {
    /** Bytes read back at a time. */
    private static final int READ_BACK = 1 << 20;

    private final Path target;
    private final Manifest manifest;
    private final SafetensorsWriter layout;
    private final Slot checksums;
    private final Map<String, Sink> sinks = new LinkedHashMap<>();
    private final int headerBytes;
    private final AtomicFile file;

    /**
     * A tensor of the file that is not a weight: tokenizer, golden outputs.
     *
     * @param writer called once; writes exactly the tensor's bytes
     */
    public record Attachment(String name, DType dtype, Shape shape, Consumer<Sink> writer) {}

    private IngotWriter(
            Path target,
            Manifest manifest,
            SafetensorsWriter layout,
            Slot checksums,
            int headerBytes,
            AtomicFile file) {
        this.target = target;
        this.manifest = manifest;
        this.layout = layout;
        this.checksums = checksums;
        this.headerBytes = headerBytes;
        this.file = file;
        for (Slot slot : layout.slots()) {
            if (slot != checksums) {
                sinks.put(slot.name(), new Sink(slot, headerBytes + slot.begin(), file));
            }
        }
    }

    /**
     * Plans the file and opens it for writing; nothing is at {@code target} before {@link #commit}.
     *
     * @param manifest with hashes and errors still unknown
     * @param attachments written at once, after the weights
     */
    public static IngotWriter create(Path target, boolean overwrite, Manifest manifest, List<Attachment> attachments) {
        SafetensorsWriter layout = layout(manifest.tensors(), attachments);
        Slot checksums = addChecksums(layout);
        int headerBytes = layout.header(metadata(manifest)).remaining();
        AtomicFile file = AtomicFile.create(target, overwrite, headerBytes + layout.dataBytes());
        IngotWriter writer = new IngotWriter(target, manifest, layout, checksums, headerBytes, file);
        try {
            for (Attachment a : attachments) {
                a.writer().accept(writer.sink(a.name()));
            }
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
        return writer;
    }

    /**
     * Confirms that {@link #create} will accept these: for who has hours of work before it.
     *
     * @throws ingot.formats.IngotException.Usage for more tensors than a file may have
     */
    public static void requireWritable(List<StoredTensor> tensors, List<Attachment> attachments) {
        addChecksums(layout(tensors, attachments));
    }

    private static SafetensorsWriter layout(List<StoredTensor> tensors, List<Attachment> attachments) {
        SafetensorsWriter layout = new SafetensorsWriter(IngotFormat.ALIGNMENT);
        for (StoredTensor t : tensors) {
            List<Part> parts = t.layout().parts(t.shape().rows(), t.shape().cols());
            for (int i = 0; i < parts.size(); i++) {
                Part part = parts.get(i);
                // A dense tensor keeps its own shape, so that any safetensors reader sees the true tensor.
                Shape shape = part.suffix().isEmpty() ? t.shape() : part.shape();
                layout.add(t.parts().get(i), part.type(), shape);
            }
        }
        for (Attachment a : attachments) {
            layout.add(a.name(), a.dtype(), a.shape());
        }
        return layout;
    }

    /** The entry count includes the padding that {@code add} may put before the checksums. */
    private static Slot addChecksums(SafetensorsWriter layout) {
        boolean padded = layout.dataBytes() % IngotFormat.ALIGNMENT != 0;
        int entries = 1 + layout.slots().size() + (padded ? 1 : 0);
        return layout.add(IngotFormat.CHECKSUMS, DType.U8, new Shape(entries, IngotFormat.CHECKSUM_BYTES));
    }

    private static Map<String, String> metadata(Manifest manifest) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(IngotFormat.KEY_FORMAT, IngotFormat.FORMAT);
        metadata.put(IngotFormat.KEY_VERSION, IngotFormat.VERSION);
        metadata.put(IngotFormat.KEY_MANIFEST, manifest.toJson());
        return metadata;
    }

    /** Where the bytes of one physical tensor go, in order. Not thread-safe; different sinks are independent. */
    public static final class Sink {
        private final Slot slot;
        private final long position;
        private final AtomicFile file;
        private final Checksum checksum = new Checksum();
        private long written;

        private Sink(Slot slot, long position, AtomicFile file) {
            this.slot = slot;
            this.position = position;
            this.file = file;
        }

        /** Appends all remaining bytes. */
        public void write(ByteBuffer data) {
            if (data.remaining() > slot.bytes() - written) {
                throw new IllegalStateException("more bytes than " + slot.name() + " has");
            }
            int n = data.remaining();
            checksum.update(data);
            file.write(position + written, data);
            written += n;
        }

        private byte[] entry() {
            if (slot.isPadding()) {
                checksum.updateZeros(slot.bytes());
                file.write(position, ByteBuffer.allocate((int) slot.bytes()));
            } else if (written != slot.bytes()) {
                throw new IllegalStateException(
                        slot.name() + ": " + written + " of " + slot.bytes() + " bytes written");
            }
            return checksum.entry();
        }
    }

    /** The sink of a physical tensor. */
    public Sink sink(String physicalName) {
        Sink sink = sinks.get(physicalName);
        if (sink == null) {
            throw new IllegalArgumentException("no tensor " + physicalName + " in the plan");
        }
        return sink;
    }

    /** Length of the finished file in bytes. */
    public long totalBytes() {
        return headerBytes + layout.dataBytes();
    }

    /**
     * Finishes the file: header, checksums, read-back, rename.
     *
     * @param measured the plan's tensors with their errors
     * @param hashed the plan's sources with their hashes
     */
    public void commit(List<StoredTensor> measured, List<SourceFile> hashed) {
        ByteBuffer header = layout.header(metadata(manifest.withResults(measured, hashed)));
        if (header.remaining() != headerBytes) {
            throw new IllegalStateException("header of " + header.remaining() + " bytes, planned " + headerBytes);
        }
        List<byte[]> entries = new ArrayList<>();
        Checksum ofHeader = new Checksum();
        ofHeader.update(header);
        entries.add(ofHeader.entry());
        sinks.values().forEach(s -> entries.add(s.entry()));
        ByteBuffer table = ByteBuffer.allocate(Math.toIntExact(checksums.bytes()));
        entries.forEach(table::put);
        file.write(headerBytes + checksums.begin(), table.flip());
        file.write(0, header);
        file.force();
        readBack(entries);
        file.commit();
    }

    private void readBack(List<byte[]> entries) {
        requireCrc(0, headerBytes, entries.getFirst(), "header");
        List<Sink> written = List.copyOf(sinks.values());
        // On all processors: what is read is in the system's memory, as a rule, and a file has hundreds of tensors.
        IntStream.range(0, written.size()).parallel().forEach(i -> {
            Sink s = written.get(i);
            requireCrc(s.position, s.slot.bytes(), entries.get(i + 1), "tensor " + Text.quote(s.slot.name()));
        });
    }

    private void requireCrc(long position, long bytes, byte[] entry, String what) {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(READ_BACK, Math.max(1, bytes)));
        for (long at = 0; at < bytes; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - at));
            file.read(position + at, buffer);
            crc.update(buffer.flip());
        }
        if ((int) crc.getValue() != Checksum.crcOf(entry)) {
            throw new IngotException.ReadWrite(
                    Text.path(target) + ": " + what + " reads back differently from what was written; check the disk",
                    null);
        }
    }

    /** Drops the file unless it was committed. */
    @Override
    public void close() {
        file.close();
    }
}
