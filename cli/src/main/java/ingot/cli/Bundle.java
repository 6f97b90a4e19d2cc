package ingot.cli;

import ingot.formats.IngotException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/**
 * The model and text that come with the source tree.
 *
 * @param root of the source tree
 */
record Bundle(Path root) {
    private static final Path MODEL = Path.of("golden-outputs", "models", "qwen3-6m-gutenberg");

    /** Looks upwards from the jar, then from the working folder; the property {@code ingot.root} overrides. */
    static Bundle find() {
        String property = System.getProperty("ingot.root");
        Path[] starts = {
            property == null ? home() : Path.of(property), Path.of("").toAbsolutePath()
        };
        for (Path start : starts) {
            for (Path at = start; at != null; at = at.getParent()) {
                if (Files.isDirectory(at.resolve(MODEL))) {
                    return new Bundle(at);
                }
            }
        }
        throw new IngotException.MissingInput(
                "the bundled model " + MODEL + " is not here; run the demo from the source tree");
    }

    private static Path home() {
        CodeSource source = Bundle.class.getProtectionDomain().getCodeSource();
        try {
            return Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            return Path.of("").toAbsolutePath();
        }
    }

    Path model() {
        return root.resolve(MODEL);
    }

    Path golden() {
        return model().resolve("golden.safetensors");
    }

    Path text() {
        return root.resolve("golden-outputs").resolve("models").resolve("evaluation.txt");
    }

    /** A folder that version control ignores; elsewhere when the source tree is read-only. */
    Path scratch() {
        Path target = root.resolve("cli").resolve("target");
        return Files.isWritable(target)
                ? target.resolve("demo")
                : Path.of(System.getProperty("java.io.tmpdir")).resolve("ingot-demo");
    }
}
