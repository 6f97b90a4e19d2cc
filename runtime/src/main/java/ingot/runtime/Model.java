package ingot.runtime;

import ingot.formats.TensorSource;
import ingot.formats.hf.GenerationDefaults;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model ready to run: weights, configuration, kernels. Thread-safe; every conversation takes its own
 * {@link #newSession}. Close the sessions first, then the model: closing unmaps the weights.
 */
public final class Model implements AutoCloseable {
    private Model() {}

    /** Opens with {@link ModelOptions#defaults()}. */
    public static Model open(Path path) {
        return open(path, ModelOptions.defaults());
    }

    /**
     * @param path an {@code .ingot} file, or a Hugging Face model folder (run as stored, without quantization)
     * @throws ingot.formats.IngotException.ConfigMismatch for an unsupported architecture, or tensors that contradict
     *     the configuration
     */
    public static Model open(Path path, ModelOptions options) {
        throw new UnsupportedOperationException("not yet: " + path + options);
    }

    public ModelInfo info() {
        throw new UnsupportedOperationException("not yet");
    }

    /** What generation_config.json says. */
    public GenerationDefaults generationDefaults() {
        throw new UnsupportedOperationException("not yet");
    }

    /** A new, empty conversation. */
    public Session newSession() {
        return new Session();
    }

    /** Golden logits stored with the model, if any. */
    public Optional<TensorSource> goldenSource() {
        throw new UnsupportedOperationException("not yet");
    }

    @Override
    public void close() {}
}
