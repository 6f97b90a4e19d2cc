package ingot.runtime;

import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.IngotFormat;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The golden tensors of an .ingot file under the names they had in the golden file. Closing it does nothing: the file
 * belongs to the model.
 */
record EmbeddedGolden(TensorSource file, SequencedMap<String, TensorInfo> tensors) implements TensorSource {
    /** Empty when the file holds none. */
    static Optional<TensorSource> of(IngotFile file) {
        SequencedMap<String, TensorInfo> golden = new LinkedHashMap<>();
        file.physical().tensors().forEach((stored, t) -> {
            if (stored.startsWith(IngotFormat.GOLDEN_PREFIX)) {
                String name = stored.substring(IngotFormat.GOLDEN_PREFIX.length());
                golden.put(name, new TensorInfo(name, t.dtype(), t.shape(), t.file(), t.offset(), t.bytes()));
            }
        });
        return golden.isEmpty()
                ? Optional.empty()
                : Optional.of(new EmbeddedGolden(file.physical(), Collections.unmodifiableSequencedMap(golden)));
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        file.read(tensor, byteOffset, destination);
    }

    @Override
    public void close() {
        // The model closes its file.
    }
}
