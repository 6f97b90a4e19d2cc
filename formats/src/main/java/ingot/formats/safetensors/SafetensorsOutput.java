package ingot.formats.safetensors;

import ingot.formats.io.AtomicFile;
import ingot.formats.safetensors.SafetensorsWriter.Slot;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A plain safetensors file being written: header first, then the tensors piece by piece, in any order among each other and
 * by several threads; it appears under its name only on {@link #commit}.
 */
public final class SafetensorsOutput implements AutoCloseable {
    private final AtomicFile file;
    private final long dataStart;
    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final Map<String, AtomicLong> written = new LinkedHashMap<>();

    private SafetensorsOutput(AtomicFile file, long dataStart, SafetensorsWriter layout) {
        this.file = file;
        this.dataStart = dataStart;
        for (Slot slot : layout.slots()) {
            slots.put(slot.name(), slot);
            written.put(slot.name(), new AtomicLong());
        }
    }

    /**
     * Prepares the output.
     *
     * @param layout every tensor of the file
     * @throws ingot.formats.IngotException as {@link AtomicFile#create}
     */
    public static SafetensorsOutput create(
            Path target, boolean overwrite, SafetensorsWriter layout, Map<String, String> metadata) {
        ByteBuffer header = layout.header(metadata);
        int dataStart = header.remaining();
        AtomicFile file = AtomicFile.create(target, overwrite, dataStart + layout.dataBytes());
        try {
            file.write(0, header);
            SafetensorsOutput output = new SafetensorsOutput(file, dataStart, layout);
            layout.slots().stream()
                    .filter(Slot::isPadding)
                    .forEach(pad -> output.write(pad.name(), ByteBuffer.allocate((int) pad.bytes())));
            return output;
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /** Appends all remaining bytes to the tensor, by one thread at a time. */
    public void write(String name, ByteBuffer data) {
        AtomicLong done = written.get(name);
        write(name, done == null ? 0 : done.get(), data);
    }

    /**
     * Writes a piece of a tensor; every byte is written once.
     *
     * @param offset of the piece in the tensor's data
     */
    public void write(String name, long offset, ByteBuffer data) {
        Slot slot = slots.get(name);
        AtomicLong done = written.get(name);
        if (slot == null || done == null || offset < 0 || data.remaining() > slot.bytes() - offset) {
            throw new IllegalArgumentException(
                    "no tensor " + name + " with " + data.remaining() + " bytes at " + offset);
        }
        int n = data.remaining();
        file.write(dataStart + slot.begin() + offset, data);
        done.addAndGet(n);
    }

    /** Gives the file its name. */
    public void commit() {
        slots.forEach((name, slot) -> {
            AtomicLong done = written.get(name);
            if (done == null || done.get() != slot.bytes()) {
                throw new IllegalStateException("tensor " + name + " is not complete");
            }
        });
        file.commit();
    }

    @Override
    public void close() {
        file.close();
    }
}
