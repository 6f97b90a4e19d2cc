package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.Text;
import ingot.formats.io.AtomicFile;
import ingot.formats.io.Folders;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A model being written as GGUF version 3, in one file or split as llama.cpp's gguf-split does: the first file of a split
 * has all metadata, the others only {@code split.*}. Everything but the data is known from the start, so tensors may be
 * written in any order, in pieces and by several threads. The files appear under their names only on {@link #commit}.
 */
public final class GgufOutput implements AutoCloseable {
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int MAX_FILES = 10_000;

    private final List<Shard> shards = new ArrayList<>();
    private final Map<String, Slot> slots = new HashMap<>();

    /**
     * A tensor to be written.
     *
     * @param shape outermost dimension first; rows are whole blocks of {@code type}
     */
    public record Entry(String name, GgmlType type, Shape shape) {
        /** Bytes of its data. */
        public long bytes() {
            return type.bytes(shape.count());
        }
    }

    /** Where a tensor goes, and how much of it is there. */
    private record Slot(Shard shard, long offset, long bytes, AtomicLong written) {}

    /** One file: its header and the space for its tensors. */
    private record Shard(Path path, AtomicFile file) {}

    private GgufOutput() {}

    /**
     * Prepares the files.
     *
     * @param target of a model in one file; a split is called {@code NAME-00001-of-0000N.gguf} and so on
     * @param tensors in the order of the file
     * @param splitBytes begin another file where tensors would exceed this; {@link Long#MAX_VALUE} for one file
     * @throws IngotException as {@link AtomicFile#create}
     */
    public static GgufOutput create(
            Path target, boolean overwrite, MetadataWriter metadata, List<Entry> tensors, long splitBytes) {
        List<List<Entry>> parts = divide(tensors, splitBytes);
        if (parts.size() > MAX_FILES) {
            throw new IngotException.Usage("--split-size " + splitBytes + " makes " + parts.size() + " files; at most "
                    + MAX_FILES + " are written");
        }
        GgufOutput output = new GgufOutput();
        try {
            for (int i = 0; i < parts.size(); i++) {
                MetadataWriter pairs = i == 0 ? metadata : new MetadataWriter();
                if (parts.size() > 1) {
                    pairs.u16(SplitFiles.NUMBER, i)
                            .u16(SplitFiles.COUNT, parts.size())
                            .i32(SplitFiles.TENSORS, tensors.size());
                }
                output.open(name(target, i, parts.size()), overwrite, pairs, parts.get(i));
            }
            return output;
        } catch (RuntimeException | Error e) {
            output.close();
            throw e;
        }
    }

    private static List<List<Entry>> divide(List<Entry> tensors, long splitBytes) {
        List<List<Entry>> parts = new ArrayList<>();
        List<Entry> part = new ArrayList<>();
        long bytes = 0;
        for (Entry e : tensors) {
            long size = padded(e.bytes());
            if (!part.isEmpty() && size > splitBytes - bytes) {
                parts.add(part);
                part = new ArrayList<>();
                bytes = 0;
            }
            part.add(e);
            bytes = Math.addExact(bytes, size);
        }
        parts.add(part);
        return parts;
    }

    /** {@code NAME.gguf}, or {@code NAME-00002-of-00003.gguf} of a split. */
    private static Path name(Path target, int index, int count) {
        if (count == 1) {
            return target;
        }
        String name = Folders.name(target);
        String stem = name.endsWith(".gguf") ? name.substring(0, name.length() - 5) : name;
        return target.resolveSibling(String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", stem, index + 1, count));
    }

    private void open(Path path, boolean overwrite, MetadataWriter metadata, List<Entry> tensors) {
        List<byte[]> entries = new ArrayList<>();
        long data = 0;
        for (Entry e : tensors) {
            entries.add(entry(e, data));
            data = Math.addExact(data, padded(e.bytes()));
        }
        long header = 24
                + metadata.bytes()
                + entries.stream().mapToLong(e -> e.length).sum();
        if (header > Integer.MAX_VALUE - ALIGNMENT) {
            throw new IngotException.BadData(Text.path(path) + ": " + header + " bytes of metadata are too many");
        }
        int start = (int) padded(header);
        ByteBuffer head = MetadataWriter.little(start);
        head.putInt(HeaderReader.MAGIC).putInt(VERSION).putLong(tensors.size()).putLong(metadata.size());
        metadata.write(head);
        entries.forEach(head::put);
        Shard shard = new Shard(path, AtomicFile.create(path, overwrite, Math.addExact(start, data)));
        shards.add(shard);
        shard.file().write(0, head.clear());
        long at = start;
        for (Entry e : tensors) {
            Slot slot = new Slot(shard, at, e.bytes(), new AtomicLong());
            if (slots.putIfAbsent(e.name(), slot) != null) {
                throw new IllegalArgumentException("two tensors named " + e.name());
            }
            at += padded(e.bytes());
            int gap = (int) (padded(e.bytes()) - e.bytes());
            shard.file().write(at - gap, ByteBuffer.allocate(gap));
        }
    }

    /** Name, number of dimensions, dimensions from the innermost, type, offset. */
    private static byte[] entry(Entry e, long offset) {
        byte[] name = MetadataWriter.string(e.name());
        int rank = e.shape().rank();
        ByteBuffer out = MetadataWriter.little(name.length + 4 + 8 * rank + 4 + 8);
        out.put(name).putInt(rank);
        for (int i = rank - 1; i >= 0; i--) {
            out.putLong(e.shape().dim(i));
        }
        return out.putInt(e.type().id()).putLong(offset).array();
    }

    private static long padded(long bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /**
     * Writes a piece of a tensor; every byte is written once.
     *
     * @param offset of the piece in the tensor's data
     */
    public void write(String name, long offset, ByteBuffer data) {
        Slot slot = slots.get(name);
        if (slot == null || offset < 0 || data.remaining() > slot.bytes() - offset) {
            throw new IllegalArgumentException(
                    "no tensor " + name + " with " + data.remaining() + " bytes at " + offset);
        }
        int n = data.remaining();
        slot.shard().file().write(slot.offset() + offset, data);
        slot.written().addAndGet(n);
    }

    /** The files, in order. */
    public List<Path> files() {
        return shards.stream().map(Shard::path).toList();
    }

    /** Gives the files their names: the first one last, because a split is opened by it. */
    public void commit() {
        slots.forEach((name, slot) -> {
            if (slot.written().get() != slot.bytes()) {
                throw new IllegalStateException("tensor " + name + " is not complete");
            }
        });
        shards.reversed().forEach(s -> s.file().commit());
    }

    @Override
    public void close() {
        shards.forEach(s -> s.file().close());
    }
}
