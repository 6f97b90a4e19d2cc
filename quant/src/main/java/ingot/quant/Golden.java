package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.IngotFormat;
import ingot.formats.ingot.IngotWriter;
import ingot.formats.ingot.IngotWriter.Attachment;
import ingot.formats.io.InputFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.runtime.golden.GoldenFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The golden outputs to embed: those of the golden file that was named, else those the source itself carries.
 *
 * @param file where they are
 * @param prefix what their names begin with there
 */
record Golden(Optional<SafetensorsFile> file, String prefix) implements AutoCloseable {
    private static final int COPY = 1 << 20;

    static Golden open(ConvertOptions options, Path source) {
        if (options.golden().isPresent()) {
            return new Golden(options.golden().map(SafetensorsFile::open), "");
        }
        return IngotFile.recognises(source)
                ? new Golden(Optional.of(SafetensorsFile.open(source)), IngotFormat.GOLDEN_PREFIX)
                : new Golden(Optional.empty(), "");
    }

    /**
     * A golden file that was named must be one, of this vocabulary.
     *
     * @throws IngotException.BadData when it is no golden file
     * @throws IngotException.ConfigMismatch when its logits are of another vocabulary
     */
    void requireFits(int vocabSize) {
        if (file.isEmpty() || !prefix.isEmpty()) {
            return;
        }
        Path path = file.get().path();
        try (GoldenFile golden = GoldenFile.open(path)) {
            if (golden.vocabSize() != vocabSize) {
                throw new IngotException.ConfigMismatch(Text.path(path) + ": logits of " + golden.vocabSize()
                        + " tokens, the model has " + vocabSize + "; embed the golden file of this model");
            }
        }
    }

    void requireNot(Path output) {
        Source.requireNot(output, file.map(SafetensorsFile::input).stream().toList());
    }

    void requireUnchanged() {
        file.map(SafetensorsFile::input).ifPresent(InputFile::requireUnchanged);
    }

    List<Attachment> attachments() {
        List<Attachment> attachments = new ArrayList<>();
        for (SafetensorsFile f : file.stream().toList()) {
            for (TensorInfo t : f.tensors().sequencedValues()) {
                if (t.name().startsWith(prefix)) {
                    String name = IngotFormat.GOLDEN_PREFIX + t.name().substring(prefix.length());
                    attachments.add(new Attachment(name, t.dtype(), t.shape(), sink -> copy(f, t, sink)));
                }
            }
        }
        return attachments;
    }

    private static void copy(SafetensorsFile file, TensorInfo tensor, IngotWriter.Sink sink) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(COPY);
        for (long at = 0; at < tensor.bytes(); at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(COPY, tensor.bytes() - at));
            file.read(tensor, at, MemorySegment.ofBuffer(buffer));
            sink.write(buffer);
        }
    }

    @Override
    public void close() {
        file.ifPresent(SafetensorsFile::close);
    }
}
