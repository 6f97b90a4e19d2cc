package ingot.formats.hf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.gguf.GgufFile;
import ingot.formats.io.Folders;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Finds the GGUF file that a path given by a user stands for. */
public final class GgufPath {
    /** Models of a folder that a message names. */
    private static final int NAMED = 10;

    private GgufPath() {}

    /**
     * The file itself, or a file of the one model in a folder that has no weights as published checkpoints have them; many
     * repositories hold several quantizations of a model, and which one is meant only the user knows. {@code path} itself
     * where neither is so.
     *
     * @throws IngotException.Usage when the folder holds several models
     */
    public static Path resolve(Path path) {
        if (!Files.isDirectory(path) || HfFolder.standardWeights(path).isPresent()) {
            return path;
        }
        SequencedMap<String, Path> models = new TreeMap<>();
        try (var files = Files.newDirectoryStream(path, "*.gguf")) {
            for (Path file : files) {
                models.merge(GgufFile.modelName(file), file, (a, b) -> a.compareTo(b) <= 0 ? a : b);
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new IngotException.ReadWrite(Text.path(path) + ": cannot be listed: " + Text.reason(e), e);
        }
        if (models.size() > 1) {
            String names =
                    models.keySet().stream().limit(NAMED).map(Text::quote).collect(Collectors.joining(", "));
            throw new IngotException.Usage(Text.path(path) + ": holds " + models.size() + " GGUF models: "
                    + names + (models.size() > NAMED ? ", …" : "")
                    + "; name the file of one instead of the folder");
        }
        // Through the folder as it was named, not as the system resolves it.
        return models.isEmpty()
                ? path
                : path.resolve(Folders.name(models.firstEntry().getValue()));
    }
}
