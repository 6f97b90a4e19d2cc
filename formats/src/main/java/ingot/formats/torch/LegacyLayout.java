package ingot.formats.torch;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import ingot.formats.torch.Contents.Extent;
import ingot.formats.torch.PickleValue.Dict;
import ingot.formats.torch.PickleValue.Sequence;
import ingot.formats.torch.PickleValue.Tensor;
import ingot.formats.torch.PickleValue.Whole;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;

/**
 * The layout before torch 1.6 ({@code _use_new_zipfile_serialization=False}): pickles of a magic number, a protocol version,
 * facts about the writing system, the object, a list of storage keys; then for each key an int64 count and the elements.
 * Count and elements are little-endian whatever system wrote them (torch/csrc/serialization.cpp converts them), so what
 * the file says about that system is read past.
 */
final class LegacyLayout {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private final InputFile file;
    private final TensorBuilder builder;
    private long position;

    private LegacyLayout(InputFile file) {
        this.file = file;
        this.builder = new TensorBuilder(file.path());
    }

    static Contents read(InputFile file) {
        return new LegacyLayout(file).contents();
    }

    private Contents contents() {
        if (!(pickle() instanceof PickleValue.Big magic) || !magic.value().equals(MAGIC)) {
            throw bad(0, "a pickle, but not one of torch.save: its magic number is missing");
        }
        long at = position;
        if (!(pickle() instanceof Whole version) || version.value() != PROTOCOL) {
            throw bad(at, "protocol version is not " + PROTOCOL);
        }
        at = position;
        if (!(pickle() instanceof Dict)) {
            throw bad(at, "the facts about the writing system are not a dict");
        }
        SequencedMap<String, Tensor> tensors = StateDict.tensors(pickle(), file.path());
        at = position;
        if (!(pickle() instanceof Sequence keys)) {
            throw bad(at, "the storage keys are not a list");
        }
        return new Contents(TorchFile.Layout.LEGACY, tensors, storages(keys, at), ByteOrder.LITTLE_ENDIAN);
    }

    private PickleValue pickle() {
        PickleInput in = new PickleInput(file, position, file.size());
        PickleValue value = Unpickler.read(in, builder);
        position = in.position();
        return value;
    }

    private Map<String, Extent> storages(Sequence keys, long at) {
        SequencedMap<String, Storage> storages = builder.storages();
        Map<String, Extent> extents = HashMap.newHashMap(storages.size());
        for (PickleValue item : keys.items()) {
            Storage storage = item instanceof PickleValue.Text key ? storages.get(key.value()) : null;
            if (storage == null) {
                throw bad(at, "the list of storages names one that no tensor has");
            }
            if (extents.containsKey(storage.key())) {
                throw bad(at, "storage " + Text.quote(storage.key()) + " is listed twice");
            }
            extents.put(storage.key(), extent(storage));
        }
        if (extents.size() != storages.size()) {
            throw bad(at, "the pickle refers to " + storages.size() + " storages, the list has " + extents.size());
        }
        if (position != file.size()) {
            throw bad(position, (file.size() - position) + " bytes behind the last storage");
        }
        return extents;
    }

    private Extent extent(Storage storage) {
        long left = file.size() - position - Long.BYTES;
        if (left < storage.bytes()) {
            throw bad(
                    position,
                    "storage " + Text.quote(storage.key()) + " needs " + storage.bytes() + " bytes, "
                            + Math.max(0, left) + " are left; the file is cut short or lies");
        }
        long count = new PickleInput(file, position, position + Long.BYTES).i64();
        if (count != storage.numel()) {
            throw bad(
                    position,
                    "storage " + Text.quote(storage.key()) + " has " + count + " elements here and " + storage.numel()
                            + " in the pickle");
        }
        long offset = position + Long.BYTES;
        position = offset + storage.bytes();
        return new Extent(offset, storage.bytes(), OptionalLong.empty());
    }

    private IngotException.BadData bad(long at, String reason) {
        return IngotException.BadData.at(file.path(), at, reason);
    }
}
