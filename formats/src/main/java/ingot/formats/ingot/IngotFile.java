package ingot.formats.ingot;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.tokenizer.TokenizerData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * An .ingot file opened for reading: header, manifest and the header's checksum are verified on opening, the data on
 * demand by {@link #verify}. {@link #map} gives the bytes the kernels run on.
 */
public final class IngotFile implements AutoCloseable {
    /** What the largest tokenizer.json and tokenizer_config.json that are accepted can become; those of Qwen3 take 5 MB. */
    private static final int MAX_TOKENIZER = 128 << 20;

    private final SafetensorsFile file;
    private final Manifest manifest;
    private final StatedChecksums checksums;
    private final Map<String, StoredTensor> byName = new HashMap<>();

    private IngotFile(SafetensorsFile file, Manifest manifest, StatedChecksums checksums) {
        this.file = file;
        this.manifest = manifest;
        this.checksums = checksums;
        for (StoredTensor t : manifest.tensors()) {
            if (byName.put(t.name(), t) != null) {
                throw IngotException.BadData.tensor(file.path(), t.name(), "twice in the manifest");
            }
        }
    }

    /** Whether the metadata says {@code format: ingot}, or the name does of a file too damaged to tell. */
    public static boolean recognises(Path path) {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return IngotFormat.FORMAT.equals(file.metadata().get(IngotFormat.KEY_FORMAT));
        } catch (IngotException e) {
            // Too damaged to say what it is: the name does, so that the complaint is about the damage.
            return path.toString().endsWith(".ingot");
        }
    }

    /**
     * Opens and checks everything but the data.
     *
     * @throws IngotException.BadData when a rule of the format is broken, or the file is of a newer major version
     */
    public static IngotFile open(Path path) {
        return of(SafetensorsFile.open(path), path);
    }

    /**
     * The file opened where {@link #recognises} says that it is one, with its header read once.
     *
     * @throws IngotException.BadData as {@link #open}
     */
    public static Optional<IngotFile> openIfRecognised(Path path) {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        SafetensorsFile file;
        try {
            file = SafetensorsFile.open(path);
        } catch (IngotException e) {
            if (path.toString().endsWith(".ingot")) {
                throw e;
            }
            return Optional.empty();
        }
        if (!IngotFormat.FORMAT.equals(file.metadata().get(IngotFormat.KEY_FORMAT))) {
            file.close();
            return Optional.empty();
        }
        return Optional.of(of(file, path));
    }

    /** The file belongs to what is returned, and is closed when anything is wrong. */
    private static IngotFile of(SafetensorsFile file, Path path) {
        try {
            Map<String, String> metadata = file.metadata();
            if (!IngotFormat.FORMAT.equals(metadata.get(IngotFormat.KEY_FORMAT))) {
                throw IngotException.BadData.in(
                        path, "not an .ingot file (no format: ingot in its metadata); ingot convert makes one");
            }
            FormatRules.requireVersion(path, metadata.getOrDefault(IngotFormat.KEY_VERSION, ""));
            StatedChecksums checksums = StatedChecksums.read(file);
            String json = metadata.get(IngotFormat.KEY_MANIFEST);
            if (json == null) {
                throw IngotException.BadData.in(path, "no " + IngotFormat.KEY_MANIFEST + " in its metadata");
            }
            IngotFile ingot = new IngotFile(file, Manifest.parse(json, path), checksums);
            ingot.manifest.tensors().forEach(t -> FormatRules.requireParts(ingot, t));
            return ingot;
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    public Path path() {
        return file.path();
    }

    /** Length of the file in bytes. */
    public long size() {
        return file.size();
    }

    public Manifest manifest() {
        return manifest;
    }

    /** The logical tensor of that name. */
    public Optional<StoredTensor> tensor(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The file seen as plain safetensors: physical tensors, reading by position. */
    public SafetensorsFile physical() {
        return file;
    }

    /** The physical tensor of that name. */
    public TensorInfo physicalTensor(String name) {
        TensorInfo info = file.tensors().get(name);
        if (info == null) {
            throw IngotException.BadData.tensor(path(), name, "the manifest names it, the file does not hold it");
        }
        return info;
    }

    /**
     * The tokenizer, where there is one; of its checksums the CRC32C is compared, which takes little time.
     *
     * @throws IngotException.BadData when it is damaged, larger than any tokenizer, or breaks its format
     */
    public Optional<TokenizerData> tokenizer() {
        return tokenizer(checksums::requireCrc);
    }

    /**
     * The tokenizer, where there is one, with both of its checksums compared.
     *
     * @throws IngotException.BadData as {@link #tokenizer()}
     */
    public Optional<TokenizerData> verifiedTokenizer() {
        return tokenizer(checksums::require);
    }

    private Optional<TokenizerData> tokenizer(BiConsumer<TensorInfo, byte[]> check) {
        if (!manifest.hasTokenizer()) {
            return Optional.empty();
        }
        TensorInfo blob = physicalTensor(IngotFormat.TOKENIZER);
        if (blob.bytes() > MAX_TOKENIZER) {
            throw IngotException.BadData.tensor(
                    path(),
                    blob.name(),
                    blob.offset(),
                    "a tokenizer of " + blob.bytes() + " bytes; at most " + MAX_TOKENIZER + " are accepted");
        }
        byte[] bytes = new byte[(int) blob.bytes()];
        file.read(blob, 0, MemorySegment.ofArray(bytes));
        check.accept(blob, bytes);
        return Optional.of(TokenizerData.decode(ByteBuffer.wrap(bytes), path()));
    }

    /**
     * Maps the whole file read-only. While the arena lives, the file must not be truncated (docs/format.md says why);
     * {@link #requireIntact} notices it.
     *
     * @param arena ends the mapping when closed
     */
    public MemorySegment map(Arena arena) {
        return file.input().map(arena);
    }

    /**
     * Reads the whole file into memory of {@code arena}: from then on nothing that happens to the file matters.
     *
     * @throws IngotException.ReadWrite when the file was changed before all of it was read, as far as {@link
     *     #requireIntact} notices
     */
    public MemorySegment copy(Arena arena) {
        MemorySegment memory = allocate(arena);
        file.input().read(0, memory);
        requireIntact();
        return memory;
    }

    private MemorySegment allocate(Arena arena) {
        try {
            return arena.allocate(size(), IngotFormat.ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new IngotException.OutOfResources(
                    Text.path(path()) + ": no memory for a copy of its " + size() + " bytes; map it instead");
        }
    }

    /**
     * Confirms that the file was not visibly changed since it was opened: {@link InputFile#requireIntact} says what it
     * sees and what it cannot.
     *
     * @throws IngotException.ReadWrite when it was
     */
    public void requireIntact() {
        file.input().requireIntact();
    }

    /**
     * Confirms that the file is as long as it was: what is mapped can be read.
     *
     * @throws IngotException.ReadWrite when it is not
     */
    public void requireLength() {
        file.input().requireLength();
    }

    /** The bytes of a tensor's parts within a mapping of this file. */
    public List<MemorySegment> parts(StoredTensor tensor, MemorySegment mapping) {
        return tensor.parts().stream()
                .map(this::physicalTensor)
                .map(info -> mapping.asSlice(info.offset(), info.bytes()))
                .toList();
    }

    /** SHA-256 of a physical tensor as the file states it. */
    public byte[] sha256(int index) {
        return checksums.sha256(index);
    }

    /**
     * Reads every byte and compares CRC32C and SHA-256 of every tensor, and the hash of the header.
     *
     * @throws IngotException.BadData naming the first damaged tensor
     */
    public void verify(Progress progress) {
        checksums.verify(progress);
    }

    /**
     * Reads one physical tensor and compares its checksums.
     *
     * @throws IngotException.BadData when it is damaged
     */
    public void verify(String physicalName) {
        checksums.verify(physicalTensor(physicalName));
    }

    @Override
    public void close() {
        file.close();
    }
}
