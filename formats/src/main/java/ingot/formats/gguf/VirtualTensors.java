package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * The tensors of a model under the names and in the shapes of its published checkpoint. Plain numbers are handed on as they
 * lie in the file; weights in blocks appear as F32, computed when they are read, a few hundred kilobytes at a time.
 */
final class VirtualTensors implements TensorSource {
    /** Stored bytes in hand at a time. */
    private static final int CHUNK = 1 << 16;

    /** More experts than any published model has. */
    private static final int MAX_EXPERTS = 4096;

    /** Experts counted singly; published models have up to 95,000 tensors. Few stored bytes can declare many experts. */
    private static final int MAX_TENSORS = 1 << 17;

    private static final String SHARED_GATE = "mlp.shared_expert_gate.weight";

    private final Map<Path, GgufFile> files;
    private final SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Slice> slices = new HashMap<>();

    /** The run of a stored tensor's weights that is one published tensor. */
    record Slice(GgufTensor tensor, long firstWeight) {}

    /** @param list in order; closed with this object */
    VirtualTensors(List<GgufFile> list) {
        this.files = new HashMap<>();
        for (GgufFile file : list) {
            files.put(file.path(), file);
            file.tensors().sequencedValues().forEach(this::add);
        }
    }

    private void add(GgufTensor t) {
        switch (TensorNames.place(t.name()).orElse(null)) {
            case null ->
                throw IngotException.ConfigMismatch.in(
                        t.file(),
                        "tensor " + Text.quote(t.name())
                                + " is none that this architecture is known to have; results would be wrong without it");
            case TensorNames.Single single -> {
                // [n] where the checkpoint has [1, n]: ggml drops outer dimensions of 1.
                boolean flattened =
                        single.name().endsWith(SHARED_GATE) && t.shape().rank() == 1;
                add(single.name(), flattened ? new Shape(1, t.shape().dim(0)) : t.shape(), new Slice(t, 0));
            }
            case TensorNames.Experts experts -> {
                Shape all = t.shape();
                if (all.rank() != 3 || all.dim(0) > MAX_EXPERTS) {
                    throw IngotException.BadData.tensor(
                            t.file(),
                            t.name(),
                            "shape " + all + "; expected [experts, outputs, inputs] with at most " + MAX_EXPERTS
                                    + " experts");
                }
                Shape one = new Shape(all.dim(1), all.dim(2));
                for (long e = 0; e < all.dim(0); e++) {
                    add(experts.name(e), one, new Slice(t, e * one.count()));
                }
            }
        }
    }

    private void add(String name, Shape shape, Slice slice) {
        GgufTensor stored = slice.tensor();
        GgmlType type = stored.type();
        long offset = stored.offset() + slice.firstWeight() / type.blockWeights() * type.blockBytes();
        long bytes = Math.multiplyExact(shape.count(), (long) type.presented().bytes());
        TensorInfo info = new TensorInfo(name, type.presented(), shape, stored.file(), offset, bytes);
        TensorInfo twin = tensors.putIfAbsent(name, info);
        if (twin != null) {
            throw IngotException.BadData.tensor(
                    stored.file(), stored.name(), stored.offset(), "also in " + Text.path(twin.file()));
        }
        slices.put(name, slice);
        if (tensors.size() > MAX_TENSORS) {
            throw IngotException.BadData.in(
                    stored.file(), "more than " + MAX_TENSORS + " tensors, experts counted singly");
        }
    }

    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return Collections.unmodifiableSequencedMap(tensors);
    }

    /** What a tensor is stored as. */
    GgmlType type(String name) {
        return slice(name).tensor().type();
    }

    private Slice slice(String name) {
        Slice slice = slices.get(name);
        if (slice == null) {
            throw new IllegalArgumentException("not a tensor of this model: " + name);
        }
        return slice;
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        Objects.checkFromIndexSize(byteOffset, destination.byteSize(), tensor.bytes());
        Slice slice = slice(tensor.name());
        BlockType block = slice.tensor().type().block().orElse(null);
        if (block == null) {
            long start = slice.firstWeight() * tensor.dtype().bytes();
            file(slice).read(slice.tensor(), start + byteOffset, destination);
            return;
        }
        if (byteOffset % Float.BYTES != 0 || destination.byteSize() % Float.BYTES != 0) {
            throw new IllegalArgumentException("part of a weight asked for at byte " + byteOffset);
        }
        long first = byteOffset / Float.BYTES;
        dequantize(slice, block, first, first + destination.byteSize() / Float.BYTES, destination);
    }

    /** Weights first … end − 1 of the slice. */
    private void dequantize(Slice slice, BlockType block, long first, long end, MemorySegment destination) {
        int perBlock = block.weights();
        int perChunk = CHUNK / block.bytes();
        byte[] stored = new byte[(int) Math.min(perChunk, (end - first) / perBlock + 2) * block.bytes()];
        float[] weights = new float[perChunk * perBlock];
        long firstBlock = slice.firstWeight() / perBlock;
        for (long at = first; at < end; ) {
            long b = at / perBlock;
            int n = (int) Math.min(perChunk, (end - 1) / perBlock - b + 1);
            readBlocks(slice, firstBlock + b, n, stored);
            for (int i = 0; i < n; i++) {
                block.dequantize(stored, i * block.bytes(), weights, i * perBlock);
            }
            int skip = (int) (at - b * perBlock);
            int m = (int) Math.min(end - at, (long) n * perBlock - skip);
            MemorySegment.copy(weights, skip, destination, Numbers.LE_FLOAT, (at - first) * Float.BYTES, m);
            at += m;
        }
    }

    /** Fills {@code destination} with the bytes of a tensor as they lie in the file, from {@code offset} on. */
    void readStored(TensorInfo tensor, long offset, MemorySegment destination) {
        Slice slice = slice(tensor.name());
        long start = slice.tensor().type().bytes(slice.firstWeight());
        file(slice).read(slice.tensor(), start + offset, destination);
    }

    private void readBlocks(Slice slice, long block, int n, byte[] out) {
        int size = slice.tensor().type().blockBytes();
        file(slice)
                .read(slice.tensor(), block * size, MemorySegment.ofArray(out).asSlice(0, (long) n * size));
    }

    /** As {@link GgufModel#readIntegers}. */
    void readIntegers(TensorInfo tensor, long first, int n, int[] out) {
        IntegerBlock block = integerBlock(tensor);
        float[] q = new float[block.weights()];
        eachBlock(tensor, first, n, (stored, at, i) -> {
            block.integers(stored, at, q, 0);
            for (int j = 0; j < q.length; j++) {
                out[i * q.length + j] = (int) q[j];
            }
        });
    }

    /** As {@link GgufModel#readScales}. */
    void readScales(TensorInfo tensor, long first, int n, float[] out) {
        IntegerBlock block = integerBlock(tensor);
        eachBlock(tensor, first, n, (stored, at, i) -> out[i] = block.scale(stored, at));
    }

    private IntegerBlock integerBlock(TensorInfo tensor) {
        GgmlType type = type(tensor.name());
        if (type.block().orElse(null) instanceof IntegerBlock block) {
            return block;
        }
        throw new IllegalArgumentException(type + " has no integers with one scale");
    }

    /** Is handed block {@code index} at {@code stored[at]}. */
    private interface BlockVisitor {
        void visit(byte[] stored, int at, int index);
    }

    /** Visits the blocks of {@code n} rows in order. */
    private void eachBlock(TensorInfo tensor, long first, int n, BlockVisitor visitor) {
        Slice slice = slice(tensor.name());
        GgmlType type = slice.tensor().type();
        long perRow = tensor.shape().cols() / type.blockWeights();
        long from = slice.firstWeight() / type.blockWeights() + first * perRow;
        int blocks = Math.toIntExact(n * perRow);
        int perChunk = CHUNK / type.blockBytes();
        byte[] stored = new byte[Math.min(perChunk, blocks) * type.blockBytes()];
        for (int done = 0; done < blocks; done += perChunk) {
            int m = Math.min(perChunk, blocks - done);
            readBlocks(slice, from + done, m, stored);
            for (int i = 0; i < m; i++) {
                visitor.visit(stored, i * type.blockBytes(), done + i);
            }
        }
    }

    private GgufFile file(Slice slice) {
        GgufFile file = files.get(slice.tensor().file());
        if (file == null) {
            throw new IllegalStateException("no file " + slice.tensor().file());
        }
        return file;
    }

    @Override
    public void close() {
        files.values().forEach(GgufFile::close);
    }
}
