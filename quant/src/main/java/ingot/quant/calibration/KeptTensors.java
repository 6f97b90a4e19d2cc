package ingot.quant.calibration;

import ingot.formats.io.InputFile;
import ingot.quant.gptq.RoundingError;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The tensors of a {@link WorkFolder} that are done, for whoever makes the output of them; one file for each step. */
public final class KeptTensors {
    private static final int COPY = 1 << 20;

    private final Map<String, KeptTensor> tensors = new LinkedHashMap<>();
    private final List<InputFile> files = new ArrayList<>();

    KeptTensors() {}

    /** The next step is done. */
    void add(Path bytes, Map<String, KeptTensor> made) {
        InputFile file = InputFile.open(bytes);
        files.add(file);
        // Each layer of a model is a step.
        file.oneOf(files.size());
        tensors.putAll(made);
    }

    /** How many. */
    public int count() {
        return tensors.size();
    }

    /** What rounding did to a tensor, if it was calibrated. */
    public Optional<RoundingError> error(String tensor) {
        return Optional.ofNullable(tensors.get(tensor)).map(KeptTensor::error);
    }

    /** How a tensor was rounded, where that was not as asked; empty else. */
    public String note(String tensor) {
        KeptTensor kept = tensors.get(tensor);
        return kept == null ? "" : kept.note();
    }

    /** Reads the bytes of a tensor's parts, one behind the other, from {@code position} on. */
    void read(String tensor, long position, ByteBuffer out) {
        KeptTensor kept = tensors.get(tensor);
        if (kept == null) {
            throw new IllegalArgumentException(tensor + " was not calibrated");
        }
        files.get(kept.step()).read(kept.offset() + position, out);
    }

    /** Passes on {@code size} bytes of a tensor's parts from {@code position} on, in pieces that are valid during the call. */
    public void copy(String tensor, long position, long size, Consumer<ByteBuffer> sink) {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(COPY, size));
        for (long at = 0; at < size; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), size - at));
            read(tensor, position + at, buffer);
            sink.accept(buffer.flip());
        }
    }

    /** Closes the files; nothing can be read any more. */
    void close() {
        files.forEach(InputFile::close);
        files.clear();
    }
}
