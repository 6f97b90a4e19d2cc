package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.torch.TorchFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Opens a file of weights as what its first bytes say it is, whatever its name says. */
public final class WeightFiles {
    /** Enough for the magic of a tar archive, at byte 257. */
    private static final int HEAD = 512;

    private static final String TAR = "ustar";
    private static final int TAR_AT = 257;

    /** Files that people rename or download by mistake: their first bytes, and what to say. */
    private static final Map<String, String> FOREIGN = Map.of(
            "GGUF", "a GGUF file, which a model folder does not hold",
            "7z\u00bc\u00af\u0027\u001c", "a 7z archive; unpack it first",
            "\u001f\u008b", "a gzip archive; unpack it first",
            "(\u00b5/\u00fd", "a zstd archive; unpack it first",
            "\u0089HDF", "an HDF5 file of TensorFlow or Keras; download the PyTorch or safetensors weights instead",
            "version https://git-lfs", "a Git LFS pointer, not the weights: run git lfs pull",
            "<!DOCTYPE", "a web page, not the weights: download the file again",
            "<html", "a web page, not the weights: download the file again");

    private WeightFiles() {}

    /**
     * Opens {@code path}. What a safetensors file says in its metadata is not kept.
     *
     * @throws IngotException.BadData when it is damaged, or of a format that is not read; the message says which
     */
    public static TensorFile open(Path path) {
        byte[] head;
        long size;
        try (InputFile input = InputFile.open(path)) {
            size = input.size();
            head = new byte[(int) Math.min(HEAD, size)];
            input.read(0, ByteBuffer.wrap(head));
        }
        // The first two bytes of a safetensors file are a length: they may look like those of a pickle.
        if (!looksLikeSafetensors(head, size)) {
            if (TorchFile.recognises(head)) {
                return TorchFile.open(path);
            }
            Optional<String> foreign = foreign(new String(head, StandardCharsets.ISO_8859_1));
            if (foreign.isPresent()) {
                throw IngotException.BadData.at(path, 0, foreign.get());
            }
            if (Folders.name(path).toLowerCase(Locale.ROOT).matches(".*\\.(bin|pt|pth)")) {
                throw IngotException.BadData.at(
                        path,
                        0,
                        "neither a PyTorch file (zip archive or pickle) nor a safetensors file; is it cut short or encrypted?");
            }
        }
        return SafetensorsFile.openWeights(path);
    }

    /** A length of header that fits, and a JSON object behind it. */
    private static boolean looksLikeSafetensors(byte[] head, long size) {
        if (head.length < 10) {
            return false;
        }
        long n = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return n > 1 && n <= size - 8 && (head[8] == '{' || Character.isWhitespace(head[8]));
    }

    private static Optional<String> foreign(String head) {
        if (head.startsWith(TAR, TAR_AT)) {
            return Optional.of("a tar archive, as torch wrote before version 0.1.10 (2017);"
                    + " load it with torch and save it again, or unpack it first");
        }
        return FOREIGN.entrySet().stream()
                .filter(e -> head.startsWith(e.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }
}
