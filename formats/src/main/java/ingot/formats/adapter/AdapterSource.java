package ingot.formats.adapter;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.adapter.AdapterTensors.Edit;
import ingot.formats.hf.WeightFiles;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * A base model with a LoRA adapter merged into it: W + scaling · B·A where the adapter has a pair, the adapter's own tensor
 * where it saved a whole one, the base everywhere else. Merged weights are F32: the sum over ranks is taken in f64 and
 * rounded once, together with W, so they are within half a unit in the last place of the exact sum. PEFT ({@code
 * peft/tuners/lora/layer.py}, {@code get_delta_weight}) rounds more often. Reading holds a few megabytes per call.
 */
public final class AdapterSource implements TensorSource {
    /** In the order in which PEFT looks for them; what format they have is decided by their content. */
    private static final List<String> WEIGHTS = List.of("adapter_model.safetensors", "adapter_model.bin");

    /** Weights merged at a time. */
    private static final int STEP = 1 << 17;

    private final TensorSource base;
    private final TensorFile file;
    private final InputFile config;
    private final SequencedMap<String, Edit> edits;
    private final SequencedMap<String, TensorInfo> tensors;
    private final List<String> warnings;

    private AdapterSource(
            TensorSource base,
            TensorFile file,
            InputFile config,
            SequencedMap<String, Edit> edits,
            List<String> warnings) {
        this.base = base;
        this.file = file;
        this.config = config;
        this.edits = edits;
        this.warnings = warnings;
        this.tensors = view(base, edits);
    }

    /**
     * Opens an adapter folder of PEFT over a base, which is closed with this source.
     *
     * @throws IngotException.MissingInput when the folder lacks one of its two files
     * @throws IngotException.ConfigMismatch for another kind of adapter, for tensors that the base has no place for, or shapes
     *     that do not fit
     */
    public static AdapterSource open(TensorSource base, Path folder) {
        LoraConfig lora = LoraConfig.read(folder);
        Path weights = WEIGHTS.stream()
                .map(folder::resolve)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new IngotException.MissingInput(
                        Text.path(folder.resolve(WEIGHTS.getFirst())) + ": no such file, nor " + WEIGHTS.getLast()));
        TensorFile file = WeightFiles.open(weights);
        try {
            AdapterTensors tensors = new AdapterTensors(file, lora, base.tensors());
            SequencedMap<String, Edit> edits = tensors.edits();
            InputFile config = InputFile.open(folder.resolve("adapter_config.json"));
            return new AdapterSource(base, file, config, edits, tensors.warnings());
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static SequencedMap<String, TensorInfo> view(TensorSource base, Map<String, Edit> edits) {
        SequencedMap<String, TensorInfo> view = new LinkedHashMap<>();
        base.tensors().forEach((name, tensor) -> {
            Edit edit = edits.get(name);
            view.put(name, edit == null ? tensor : merged(edit));
        });
        return Collections.unmodifiableSequencedMap(view);
    }

    private static TensorInfo merged(Edit edit) {
        TensorInfo from = edit.replacement().orElse(edit.base());
        DType type = edit.added().isPresent() ? DType.F32 : from.dtype();
        long bytes = Math.multiplyExact(from.shape().count(), (long) type.bytes());
        return new TensorInfo(edit.base().name(), type, from.shape(), from.file(), from.offset(), bytes);
    }

    /** Whether the adapter changes the tensor of this name. */
    public boolean changes(String name) {
        return edits.containsKey(name);
    }

    /** What may not be as the adapter's maker meant it, a line each. */
    public List<String> warnings() {
        return warnings;
    }

    /** The files of the adapter, for hashing; they stay open with this source. */
    public List<InputFile> files() {
        return List.of(config, file.input());
    }

    @Override
    public SequencedMap<String, TensorInfo> tensors() {
        return tensors;
    }

    @Override
    public void read(TensorInfo tensor, long byteOffset, MemorySegment destination) {
        Edit edit = edits.get(tensor.name());
        if (edit == null) {
            base.read(tensor, byteOffset, destination);
            return;
        }
        Objects.checkFromIndexSize(byteOffset, destination.byteSize(), tensor.bytes());
        if (edit.added().isEmpty()) {
            file.read(edit.replacement().orElseThrow(), byteOffset, destination);
            return;
        }
        long cols = tensor.shape().cols();
        long line = Math.multiplyExact(cols, (long) Float.BYTES);
        long step = Math.max(1, STEP / cols);
        long end = byteOffset + destination.byteSize();
        for (long at = byteOffset; at < end; ) {
            long row = at / line;
            int n = (int) Math.min(step, (end - 1) / line + 1 - row);
            MemorySegment merged = merge(edit, row, n, Math.toIntExact(cols));
            long until = Math.min(end, (row + n) * line);
            MemorySegment.copy(merged, at - row * line, destination, at - byteOffset, until - at);
            at = until;
        }
    }

    private MemorySegment merge(Edit edit, long first, int n, int cols) {
        LowRank added = edit.added().orElseThrow();
        TensorInfo from = edit.replacement().orElse(edit.base());
        TensorSource source = edit.replacement().isPresent() ? file : base;
        int count = Math.multiplyExact(n, cols);
        int width = from.dtype().bytes();
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.multiplyExact(count, width)]);
        source.read(from, first * cols * width, bytes);
        float[] weights = new float[count];
        Numbers.toF32(from.dtype(), bytes, 0, weights, 0, count);
        double[] sum = new double[count];
        added.add(first, n, sum);
        for (int i = 0; i < count; i++) {
            weights[i] = (float) (weights[i] + added.scaling() * sum[i]);
        }
        MemorySegment out = MemorySegment.ofArray(new byte[Math.multiplyExact(count, Float.BYTES)]);
        MemorySegment.copy(weights, 0, out, Numbers.LE_FLOAT, 0, count);
        return out;
    }

    @Override
    public void close() {
        try (file;
                config) {
            base.close();
        }
    }
}
