package ingot.formats.torch;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import ingot.formats.io.Panels;
import ingot.formats.io.TensorFile;
import ingot.formats.torch.PickleValue.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * A state dict saved by {@code torch.save}, in the zip layout or the one before it, read strictly. Its pickle is interpreted
 * as data: nothing in the file is executed. Only names, shapes and places are read on opening; elements are read on
 * demand, gathered into row-major order and little-endian bytes where the file has them otherwise. A storage of a zip
 * file is read once more before its first use, to compare its CRC-32. Safe for use by several threads.
 */
public final class TorchFile implements TensorFile {
    /** How a file is laid out. */
    public enum Layout {
        /** Zip archive, torch 1.6 and later. */
        ZIP,
        /** Pickles and storages one after the other. */
        LEGACY
    }

    /** A tensor of the state dict with the data it views. */
    private record View(TensorInfo info, Tensor tensor, StorageData data, boolean plain) {}

    /** A part of a tensor that is gathered at once; the bytes begin at {@code first}. */
    private record Key(String tensor, long first) {}

    private final Panels<Key> panels = new Panels<>();
    private final InputFile input;
    private final Layout layout;
    private final ByteOrder order;
    private final Map<String, View> views;
    private final SequencedMap<String, TensorInfo> tensors;

    private TorchFile(InputFile input, Contents contents) {
        this.input = input;
        this.layout = contents.layout();
        this.order = contents.order();
        // Only of tensors: a pickle may have 100,000 storages that no tensor of the state dict has.
        Map<String, StorageData> storages = new HashMap<>();
        this.views = HashMap.newHashMap(contents.tensors().size());
        contents.tensors().forEach((name, tensor) -> {
            StorageData data = storages.computeIfAbsent(
                    tensor.storage().key(),
                    key -> new StorageData(
                            input,
                            Objects.requireNonNull(contents.storages().get(key), "layouts place every storage"),
                            "storage " + Text.quote(key)));
            views.put(name, view(name, tensor, data));
        });
        this.tensors = LinkedHashMap.newLinkedHashMap(views.size());
        views.values().stream()
                .map(View::info)
                .sorted(Comparator.comparingLong(TensorInfo::offset).thenComparing(TensorInfo::name))
                .forEach(info -> tensors.put(info.name(), info));
    }

    private View view(String name, Tensor tensor, StorageData data) {
        DType dtype = tensor.dtype();
        long first = data.offset() + tensor.offset() * dtype.bytes();
        TensorInfo info = new TensorInfo(
                name, dtype, tensor.shape(), input.path(), first, tensor.shape().count() * dtype.bytes());
        boolean plain = Gather.contiguous(tensor) && (order == ByteOrder.LITTLE_ENDIAN || dtype.bytes() == 1);
        return new View(info, tensor, data, plain);
    }

    /** Whether a file that begins with {@code head} (8 bytes suffice) is a zip archive or a pickle. */
    public static boolean recognises(byte[] head) {
        return isZip(head) || (head.length > 1 && head[0] == (byte) 0x80 && head[1] >= 1 && head[1] <= 5);
    }

    private static boolean isZip(byte[] head) {
        List<Integer> signatures = List.of(0x0403, 0x0605);
        return head.length > 3 && head[0] == 'P' && head[1] == 'K' && signatures.contains(head[2] | head[3] << 8);
    }

    /**
     * Opens the file and reads its pickle.
     *
     * @throws IngotException.BadData naming file and offset when the archive, the pickle or a tensor breaks a rule
     * @throws IngotException.MissingInput when there is no such file
     */
    public static TorchFile open(Path path) {
        InputFile input = InputFile.open(path);
        try {
            byte[] head = new byte[(int) Math.min(4, input.size())];
            input.read(0, ByteBuffer.wrap(head));
            return new TorchFile(input, isZip(head) ? ZipLayout.read(input) : LegacyLayout.read(input));
        } catch (RuntimeException | Error e) {
            input.close();
            throw e;
        }
    }

    public Layout layout() {
        return layout;
    }

    @Override
    public InputFile input() {
        return input;
    }

    /** By offset of the first element; tensors of one storage by name where they begin at the same element. */
    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return Collections.unmodifiableSequencedMap(tensors);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IngotException.BadData when the storage does not have the CRC that the archive records
     */
    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        View view = views.get(tensor.name());
        if (view == null) {
            throw new IllegalArgumentException("not a tensor of this file: " + tensor.name());
        }
        Objects.checkFromIndexSize(
                byteOffset, destination.byteSize(), view.info().bytes());
        if (destination.byteSize() == 0) {
            return;
        }
        if (view.plain()) {
            view.data().read(view.info().offset() - view.data().offset() + byteOffset, destination);
            return;
        }
        int width = view.info().dtype().bytes();
        Gather gather = new Gather(view.data(), view.tensor());
        long piece = gather.panel() * width;
        long end = byteOffset + destination.byteSize();
        for (long at = byteOffset; at < end; ) {
            long first = at / piece * piece;
            int n = (int) Math.min(piece, view.info().bytes() - first);
            byte[] panel = panels.get(new Key(tensor.name(), first), n, () -> gather(gather, first, n, width));
            long length = Math.min(first + n, end) - at;
            MemorySegment.copy(MemorySegment.ofArray(panel), at - first, destination, at - byteOffset, length);
            at += length;
        }
    }

    private byte[] gather(Gather gather, long first, int n, int width) {
        byte[] panel = new byte[n];
        gather.read(first / width, MemorySegment.ofArray(panel));
        if (order == ByteOrder.BIG_ENDIAN) {
            swap(panel, n, width);
        }
        return panel;
    }

    private static void swap(byte[] bytes, int n, int width) {
        for (int i = 0; i < n; i += width) {
            for (int a = i, b = i + width - 1; a < b; a++, b--) {
                byte t = bytes[a];
                bytes[a] = bytes[b];
                bytes[b] = t;
            }
        }
    }

    @Override
    public void close() {
        input.close();
    }
}
