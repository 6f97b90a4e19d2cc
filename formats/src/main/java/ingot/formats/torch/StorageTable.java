package ingot.formats.torch;

import ingot.formats.DType;
import ingot.formats.Text;
import ingot.formats.torch.PickleValue.Constant;
import ingot.formats.torch.PickleValue.StorageView;
import ingot.formats.torch.PickleValue.Tuple;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** The storages that the pickles of a file refer to, by key; the same key means the same storage. */
final class StorageTable {
    private final SequencedMap<String, Storage> byKey = new LinkedHashMap<>();

    /** Every storage referred to so far, by key. */
    SequencedMap<String, Storage> all() {
        return Collections.unmodifiableSequencedMap(byKey);
    }

    /**
     * The storage of a persistent id: {@code ('storage', type, key, location, numel)}, and in legacy files a sixth item, None
     * or {@code (view key, offset, size)}.
     */
    StorageView view(Arguments id) {
        if (id.count() < 5
                || id.count() > 6
                || !(id.get(0) instanceof PickleValue.Text tag)
                || !tag.value().equals("storage")) {
            throw id.bad("a persistent id that is not ('storage', type, key, location, numel)");
        }
        if (!(id.get(1) instanceof PickleGlobal type) || type.ofStorage().isEmpty()) {
            throw id.bad("a storage without a storage type");
        }
        if (!(id.get(2) instanceof PickleValue.Text key) || !(id.get(3) instanceof PickleValue.Text)) {
            throw id.bad("a storage whose key or location is not a string");
        }
        Storage storage = intern(id, key.value(), type.ofStorage().get());
        if (id.count() == 5 || id.get(5) == Constant.NONE) {
            return new StorageView(storage, 0, storage.numel());
        }
        if (!(id.get(5) instanceof Tuple tuple)
                || tuple.items().size() != 3
                || !(tuple.items().getFirst() instanceof PickleValue.Text)) {
            throw id.bad("view metadata of a storage that are not (key, offset, size)");
        }
        Arguments view = id.of(tuple);
        long offset = view.size(1, "view offset");
        long length = view.size(2, "view size");
        if (offset > storage.numel() || length > storage.numel() - offset) {
            throw id.bad("a view of elements " + offset + " to " + offset + "+" + length + " of a storage of "
                    + storage.numel());
        }
        return new StorageView(storage, offset, length);
    }

    private Storage intern(Arguments id, String key, DType dtype) {
        long numel = id.size(4, "numel");
        long bytes;
        try {
            bytes = Math.multiplyExact(numel, (long) dtype.bytes());
        } catch (ArithmeticException e) {
            throw id.bad("numel × bytes of storage " + Text.quote(key) + " overflows 64 bits");
        }
        Storage storage = new Storage(key, dtype, numel, bytes);
        Storage twin = byKey.putIfAbsent(key, storage);
        if (twin != null && !twin.equals(storage)) {
            throw id.bad("storage " + Text.quote(key) + " is " + numel + " × " + dtype.label() + " here and "
                    + twin.numel() + " × " + twin.dtype().label() + " before");
        }
        return storage;
    }
}
