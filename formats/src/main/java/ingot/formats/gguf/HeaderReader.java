package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * The header of a GGUF file: {@code "GGUF" | u32 version | u64 tensors | u64 pairs | pairs | tensor entries | padding}, all
 * little-endian (ggml/docs/gguf.md). A pair is a string key, a u32 type and a value; an entry a string name, u32 number of
 * dimensions, u64 dimensions (innermost first), u32 type and u64 offset from the start of the data, which is aligned as
 * every tensor is.
 */
final class HeaderReader {
    /** {@code "GGUF"} as a little-endian integer. */
    static final int MAGIC = 0x46554747;

    /**
     * Most bytes of metadata in all files of a model; published ones have about 10 MB. Text of it may take twice as much on
     * the heap.
     */
    private static final long MAX_METADATA = 32 << 20;

    /** In all files of a model. Experts of a layer are one tensor: published models have below 2,000. */
    private static final int MAX_TENSORS = 1 << 16;

    private static final int MAX_PAIRS = 65_536;
    /** The specification's bound. */
    private static final int MAX_KEY = 65_535;

    /** The specification says 64, and llama.cpp can be built with more. */
    private static final int MAX_NAME = 128;

    private static final int MAX_RANK = 4;
    /** Published vocabularies have 250,000 tokens and as many merges. */
    private static final int MAX_ELEMENTS = 1 << 20;

    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_ALIGNMENT = 1 << 16;
    /** Key, type and value; name, rank, type and offset. */
    private static final int LEAST_PAIR = 8 + 1 + 4 + 1;

    private static final int LEAST_ENTRY = 8 + 1 + 4 + 4 + 8;

    private final HeaderCursor in;
    private final Budget budget;
    private final long fileSize;
    private final SequencedMap<String, Metadata.Pair> pairs = new LinkedHashMap<>();
    /** Where the pair or entry begins that is being read. */
    private long at;

    private HeaderReader(InputFile input, Budget budget) {
        this.in = new HeaderCursor(input);
        this.budget = budget;
        this.fileSize = input.size();
    }

    /** What a header says; tensors in the order of the file. */
    record Header(int version, int alignment, Metadata metadata, SequencedMap<String, GgufTensor> tensors) {}

    /**
     * An entry before its place is known to be inside the file.
     *
     * @param at where in the file the entry begins
     */
    private record Entry(long at, String name, GgmlType type, Shape shape, long offset, long bytes) {
        IngotException.BadData bad(Path file, String reason) {
            return IngotException.BadData.tensor(file, name, at, reason);
        }
    }

    /** What the headers of one model may still hold: a split one has up to ten thousand of them. */
    static final class Budget {
        private long metadata = MAX_METADATA;
        private int tensors = MAX_TENSORS;
        private int pairs = MAX_PAIRS;
    }

    /** @param budget of all files of the model */
    static Header read(InputFile input, Budget budget) {
        return new HeaderReader(input, budget).read();
    }

    private Header read() {
        if (fileSize < 4 || in.i32() != MAGIC) {
            throw IngotException.BadData.at(in.file(), 0, "no GGUF file: it does not begin with \"GGUF\"");
        }
        int version = version();
        int tensorCount = in.count("tensors", LEAST_ENTRY, MAX_TENSORS);
        int pairCount = in.count("metadata pairs", LEAST_PAIR, MAX_PAIRS);
        budget.tensors -= tensorCount;
        budget.pairs -= pairCount;
        if (budget.tensors < 0 || budget.pairs < 0) {
            throw in.bad("more than " + MAX_TENSORS + " tensors or " + MAX_PAIRS
                    + " metadata pairs in all files of the model");
        }
        for (int i = 0; i < pairCount; i++) {
            pair();
        }
        budget.metadata -= in.position();
        Metadata metadata = new Metadata(in.file(), pairs);
        int alignment = alignment(metadata);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < tensorCount; i++) {
            entries.add(entry(alignment));
        }
        return new Header(version, alignment, metadata, place(entries, alignment));
    }

    private int version() {
        int version = in.i32();
        if (version == 2 || version == 3) {
            return version;
        }
        int swapped = Integer.reverseBytes(version);
        String reason = swapped >= 1 && swapped <= 3
                ? "a big-endian GGUF file, which is not read; convert it to little-endian first"
                : "GGUF version " + Integer.toUnsignedString(version) + "; expected 2 or 3";
        throw IngotException.BadData.at(in.file(), 4, reason);
    }

    private void pair() {
        at = in.position();
        String key = in.string("metadata key", 1, MAX_KEY);
        MetadataValue value = value(key, type(key));
        if (pairs.putIfAbsent(key, new Metadata.Pair(at, value)) != null) {
            throw IngotException.BadData.at(in.file(), at, "metadata key " + Text.quote(key) + " is there twice");
        }
        if (in.position() > budget.metadata) {
            throw in.bad("more than " + MAX_METADATA + " bytes of metadata in all files of the model");
        }
    }

    private ValueType type(String key) {
        int id = in.i32();
        return ValueType.byId(id)
                .orElseThrow(() -> in.bad(
                        "metadata key " + Text.quote(key) + " has the unknown type " + Integer.toUnsignedString(id)));
    }

    private MetadataValue value(String key, ValueType type) {
        String where = "metadata key " + Text.quote(key);
        return switch (type) {
            case UINT8 -> new MetadataValue.Whole(type, in.u8());
            case INT8 -> new MetadataValue.Whole(type, (byte) in.u8());
            case UINT16 -> new MetadataValue.Whole(type, in.i16() & 0xFFFF);
            case INT16 -> new MetadataValue.Whole(type, in.i16());
            case UINT32 -> new MetadataValue.Whole(type, in.i32() & 0xFFFF_FFFFL);
            case INT32 -> new MetadataValue.Whole(type, in.i32());
            case INT64 -> new MetadataValue.Whole(type, in.i64());
            case UINT64 -> unsigned(where, in.i64());
            case FLOAT32 ->
                new MetadataValue.Real(type, Double.parseDouble(Float.toString(Float.intBitsToFloat(in.i32()))));
            case FLOAT64 -> new MetadataValue.Real(type, Double.longBitsToDouble(in.i64()));
            case BOOL -> flag(where, in.u8());
            case STRING -> new MetadataValue.Str(in.string(where));
            case ARRAY -> array(key, where);
        };
    }

    private MetadataValue unsigned(String where, long value) {
        if (value < 0) {
            throw in.bad(where + ": " + Long.toUnsignedString(value) + " is beyond 2^63");
        }
        return new MetadataValue.Whole(ValueType.UINT64, value);
    }

    private MetadataValue flag(String where, int value) {
        if (value > 1) {
            throw in.bad(where + ": " + value + " is no truth value; expected 0 or 1");
        }
        return new MetadataValue.Flag(value == 1);
    }

    private MetadataValue array(String key, String where) {
        ValueType element = type(key);
        if (element == ValueType.ARRAY) {
            throw in.bad(where + ": an array of arrays, which is not supported");
        }
        int count = in.count("elements of " + where, element.leastBytes(), MAX_ELEMENTS);
        if (element == ValueType.STRING) {
            return new MetadataValue.Strings(in.strings(count, where));
        }
        return new MetadataValue.NumberArray(element, in.numbers(count, element.leastBytes(), where));
    }

    private int alignment(Metadata metadata) {
        if (!metadata.has("general.alignment")) {
            return DEFAULT_ALIGNMENT;
        }
        long n = metadata.unsigned32("general.alignment");
        if (n < 8 || n > MAX_ALIGNMENT || Long.bitCount(n) != 1) {
            throw metadata.bad("general.alignment", n + "; expected a power of two from 8 to " + MAX_ALIGNMENT);
        }
        return (int) n;
    }

    private Entry entry(int alignment) {
        at = in.position();
        String name = in.string("tensor name", 1, MAX_NAME);
        int rank = in.i32();
        if (rank < 0 || rank > MAX_RANK) {
            throw bad(name, Integer.toUnsignedString(rank) + " dimensions; at most " + MAX_RANK + " are accepted");
        }
        long[] dims = new long[rank];
        long count = 1;
        for (int i = rank - 1; i >= 0; i--) {
            dims[i] = in.i64();
            if (dims[i] < 1) {
                throw bad(name, "dimension " + Long.toUnsignedString(dims[i]) + "; expected 1 to 2^63 − 1");
            }
            count = multiply(name, count, dims[i]);
        }
        int id = in.i32();
        GgmlType type = GgmlType.byId(id)
                .orElseThrow(() -> bad(
                        name, "type " + GgmlType.describe(id) + " is not supported; expected " + GgmlType.supported()));
        long row = rank == 0 ? 1 : dims[rank - 1];
        if (row % type.blockWeights() != 0) {
            throw bad(
                    name,
                    "rows of " + row + " weights are no whole blocks of " + type.blockWeights() + " (" + type + ")");
        }
        long bytes = multiply(name, count / type.blockWeights(), type.blockBytes());
        long offset = in.i64();
        if (offset < 0 || offset % alignment != 0) {
            throw bad(
                    name, "offset " + Long.toUnsignedString(offset) + " is no multiple of the alignment " + alignment);
        }
        return new Entry(at, name, type, new Shape(dims), offset, bytes);
    }

    private long multiply(String name, long a, long b) {
        if (Math.multiplyHigh(a, b) != 0 || a * b < 0) {
            throw bad(name, "its size overflows 63 bits");
        }
        return a * b;
    }

    /** By offset the tensors follow each other, padded to the alignment, from the start of the data to the end of the file. */
    private SequencedMap<String, GgufTensor> place(List<Entry> entries, int alignment) {
        long dataStart = (in.position() + alignment - 1) / alignment * alignment;
        SequencedMap<String, GgufTensor> tensors = LinkedHashMap.newLinkedHashMap(entries.size());
        long dataBytes = fileSize - dataStart;
        for (Entry e : entries) {
            if (e.bytes() > dataBytes || e.offset() > dataBytes - e.bytes()) {
                throw e.bad(
                        in.file(),
                        e.bytes() + " bytes at offset " + e.offset() + " end behind the end of the file, which has "
                                + Math.max(0, dataBytes) + " bytes of data");
            }
            var tensor = new GgufTensor(e.name(), e.type(), e.shape(), in.file(), dataStart + e.offset(), e.bytes());
            if (tensors.putIfAbsent(e.name(), tensor) != null) {
                throw e.bad(in.file(), "is there twice");
            }
        }
        long expected = 0;
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::offset));
        for (Entry e : sorted) {
            if (e.offset() != expected) {
                throw e.bad(
                        in.file(),
                        "offset " + e.offset()
                                + (e.offset() < expected ? " overlaps the tensor before it" : " leaves a hole")
                                + "; expected " + expected);
            }
            // No overflow: offset + bytes is at most the length of the file.
            expected = (e.offset() + e.bytes() + alignment - 1) / alignment * alignment;
        }
        if (dataBytes > expected) {
            throw IngotException.BadData.at(
                    in.file(), dataStart + expected, (dataBytes - expected) + " bytes behind the last tensor");
        }
        return tensors;
    }

    private IngotException.BadData bad(String name, String reason) {
        return IngotException.BadData.tensor(in.file(), name, at, reason);
    }
}
