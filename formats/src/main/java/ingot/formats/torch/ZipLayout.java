package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import ingot.formats.torch.Contents.Extent;
import ingot.formats.torch.PickleValue.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;

/**
 * The layout of torch 1.6 and later: a zip archive of one folder with {@code data.pkl}, a storage in {@code data/KEY} for
 * each key, {@code version}, since 2.1 {@code byteorder}, and entries that later versions add.
 */
final class ZipLayout {
    /** File format versions that torch reads: {@code caffe2/serialize/versions.h}. */
    private static final int MAX_VERSION = 10;

    private static final String PICKLE = "/data.pkl";

    private final InputFile file;
    private final SequencedMap<String, ZipEntries.Entry> entries;
    private final String top;

    private ZipLayout(InputFile file) {
        this.file = file;
        this.entries = ZipEntries.read(file);
        this.top = top();
    }

    static Contents read(InputFile file) {
        return new ZipLayout(file).contents();
    }

    private Contents contents() {
        requireVersion();
        ByteOrder order = order();
        ZipEntries.Entry pickle = required("data.pkl");
        if (pickle.size() > PickleInput.MAX_BYTES) {
            throw IngotException.BadData.at(
                    file.path(), pickle.offset(), "a pickle of " + pickle.size() + " bytes; save the state dict alone");
        }
        StorageData.requireCrc(file, extent(pickle), "entry " + Text.quote(pickle.name()));
        PickleInput in = new PickleInput(file, pickle.offset(), pickle.offset() + pickle.size());
        TensorBuilder builder = new TensorBuilder(file.path());
        PickleValue root = Unpickler.read(in, builder);
        if (in.position() != in.end()) {
            throw in.bad(in.position(), (in.end() - in.position()) + " bytes behind the end of the pickle");
        }
        SequencedMap<String, Tensor> tensors = StateDict.tensors(root, file.path());
        return new Contents(TorchFile.Layout.ZIP, tensors, storages(builder.storages()), order);
    }

    private String top() {
        List<String> pickles =
                entries.keySet().stream().filter(n -> n.endsWith(PICKLE)).toList();
        if (pickles.isEmpty()) {
            throw bad("a zip archive without data.pkl: not a PyTorch checkpoint");
        }
        String first = pickles.getFirst();
        String folder = first.substring(0, first.length() - PICKLE.length() + 1);
        for (String name : entries.keySet()) {
            if (!name.startsWith(folder)) {
                throw bad("zip entry " + Text.quote(name) + " is outside the folder " + Text.quote(folder));
            }
        }
        if (pickles.size() > 1 || folder.indexOf('/') != folder.length() - 1) {
            throw bad("data.pkl is not in exactly one top folder of the archive");
        }
        return folder;
    }

    private void requireVersion() {
        ZipEntries.Entry entry = entries.containsKey(top + "version") ? required("version") : required(".data/version");
        String text = text(entry).strip();
        if (!text.matches("[0-9]{1,3}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_VERSION) {
            throw IngotException.BadData.at(
                    file.path(),
                    entry.offset(),
                    "file format version " + Text.quote(text) + "; 1 to " + MAX_VERSION + " are known");
        }
    }

    private ByteOrder order() {
        Optional<ZipEntries.Entry> entry = Optional.ofNullable(entries.get(top + "byteorder"));
        if (entry.isEmpty()) {
            return ByteOrder.LITTLE_ENDIAN;
        }
        return switch (text(entry.get())) {
            case "little" -> ByteOrder.LITTLE_ENDIAN;
            case "big" -> ByteOrder.BIG_ENDIAN;
            case String other ->
                throw IngotException.BadData.at(
                        file.path(),
                        entry.get().offset(),
                        "byteorder " + Text.quote(other) + "; expected little or big");
        };
    }

    /** Storage keys are looked up among the names of entries; they never become paths. */
    private Map<String, Extent> storages(SequencedMap<String, Storage> storages) {
        Map<String, Extent> extents = HashMap.newHashMap(storages.size());
        for (Storage s : storages.values()) {
            ZipEntries.Entry entry = entries.get(top + "data/" + s.key());
            if (entry == null) {
                throw bad("storage " + Text.quote(s.key()) + " has no entry in the archive");
            }
            if (entry.size() != s.bytes()) {
                throw IngotException.BadData.at(
                        file.path(),
                        entry.offset(),
                        "storage " + Text.quote(s.key()) + " has " + entry.size() + " bytes, but " + s.numel() + " × "
                                + s.dtype().label() + " are " + s.bytes());
            }
            extents.put(s.key(), extent(entry));
        }
        return extents;
    }

    private ZipEntries.Entry required(String name) {
        ZipEntries.Entry entry = entries.get(top + name);
        if (entry == null) {
            throw bad("no entry " + Text.quote(top + name) + " in the archive; every torch.save writes one");
        }
        return entry;
    }

    private String text(ZipEntries.Entry entry) {
        if (entry.size() > 64) {
            throw IngotException.BadData.at(
                    file.path(),
                    entry.offset(),
                    "entry " + Text.quote(entry.name()) + " has " + entry.size() + " bytes");
        }
        StorageData.requireCrc(file, extent(entry), "entry " + Text.quote(entry.name()));
        ByteBuffer bytes = ByteBuffer.allocate((int) entry.size());
        file.read(entry.offset(), bytes);
        return new String(bytes.array(), StandardCharsets.ISO_8859_1);
    }

    private static Extent extent(ZipEntries.Entry entry) {
        return new Extent(entry.offset(), entry.size(), OptionalLong.of(entry.crc()));
    }

    private IngotException.BadData bad(String reason) {
        return IngotException.BadData.in(file.path(), reason);
    }
}
