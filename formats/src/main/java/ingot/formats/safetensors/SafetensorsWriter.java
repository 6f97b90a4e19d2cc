package ingot.formats.safetensors;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.json.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lays out a safetensors file: tensors in the order given, each beginning on a multiple of {@link #alignment} bytes from
 * the start of the file. The format allows no holes, so padding is itself a tensor ({@code ingot.pad.K}, U8). The header
 * is padded with spaces.
 */
public final class SafetensorsWriter {
    /** Name prefix of tensors that are only padding. */
    public static final String PAD_PREFIX = "ingot.pad.";

    private final int alignment;
    private final List<Slot> slots = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private long dataBytes;

    /**
     * A tensor's place.
     *
     * @param begin offset from the start of the data (not of the file)
     */
    public record Slot(String name, DType dtype, Shape shape, long begin, long bytes) {
        public boolean isPadding() {
            return name.startsWith(PAD_PREFIX);
        }
    }

    /** @param alignment power of two; 1 for none */
    public SafetensorsWriter(int alignment) {
        if (alignment < 1 || Integer.bitCount(alignment) != 1) {
            throw new IllegalArgumentException("alignment " + alignment);
        }
        this.alignment = alignment;
    }

    public int alignment() {
        return alignment;
    }

    /**
     * Appends a tensor and returns its place.
     *
     * @throws IngotException.Usage for more tensors than a file may have
     */
    public Slot add(String name, DType dtype, Shape shape) {
        if (!names.add(name)) {
            throw new IllegalArgumentException("two tensors named " + name);
        }
        int gap = (int) (-dataBytes & (alignment - 1));
        if (gap > 0) {
            place(PAD_PREFIX + slots.size(), DType.U8, new Shape(gap));
        }
        return place(name, dtype, shape);
    }

    private Slot place(String name, DType dtype, Shape shape) {
        if (slots.size() == HeaderParser.MAX_TENSORS) {
            throw new IngotException.Usage(
                    "the output would have more than " + HeaderParser.MAX_TENSORS
                            + " tensors, which no reader of ours accepts; choose a type that stores fewer parts of each matrix");
        }
        long bytes = Math.multiplyExact(shape.count(), (long) dtype.bits()) / 8;
        Slot slot = new Slot(name, dtype, shape, dataBytes, bytes);
        slots.add(slot);
        dataBytes = Math.addExact(dataBytes, bytes);
        return slot;
    }

    /** Every tensor in file order, padding included. */
    public List<Slot> slots() {
        return List.copyOf(slots);
    }

    /** Bytes of data after the header. */
    public long dataBytes() {
        return dataBytes;
    }

    /** The header, its 8 bytes of length in front, padded so that the data is aligned. */
    public ByteBuffer header(Map<String, String> metadata) {
        ObjectNode root = Json.object();
        if (!metadata.isEmpty()) {
            ObjectNode meta = root.putObject("__metadata__");
            metadata.forEach(meta::put);
        }
        for (Slot s : slots) {
            ObjectNode entry = root.putObject(s.name());
            entry.put("dtype", s.dtype().label());
            var shape = entry.putArray("shape");
            for (long d : s.shape().dims()) {
                shape.add(d);
            }
            entry.putArray("data_offsets").add(s.begin()).add(Math.addExact(s.begin(), s.bytes()));
        }
        byte[] json = Json.compact(root).getBytes(StandardCharsets.UTF_8);
        // safetensors wants at least 8; more where tensors are aligned to more.
        int unit = Math.max(8, alignment);
        int padded = Math.addExact(json.length, (int) (-(8L + json.length) & (unit - 1)));
        ByteBuffer out = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(padded).put(json);
        while (out.hasRemaining()) {
            out.put((byte) ' ');
        }
        return out.flip();
    }
}
