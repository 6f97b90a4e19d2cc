package ingot.tests.quantized;

import ingot.formats.Numbers;
import ingot.formats.TensorSource;
import ingot.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;

/** The weights of a small reference checkpoint, to be stored in other ways. */
final class TinyModel {
    static final Path FOLDER = Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen3-tied-bf16");

    record Weight(float[] values, long[] shape) {
        int rows() {
            return (int) shape[0];
        }
    }

    final Map<String, Weight> weights = new LinkedHashMap<>();

    private final Path folder;
    private final Predicate<String> linear;

    TinyModel() {
        this(FOLDER, TinyModel::isLinear);
    }

    /** @param linear names of the weights that are stored in another way */
    TinyModel(Path folder, Predicate<String> linear) {
        this.folder = folder;
        this.linear = linear;
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
            file.tensors()
                    .forEach((name, t) -> weights.put(
                            name, new Weight(read(file, name), t.shape().dims())));
        }
    }

    static float[] read(TensorSource source, String name) {
        var tensor = source.tensors().get(name);
        MemorySegment bytes = MemorySegment.ofArray(new byte[(int) tensor.bytes()]);
        source.read(tensor, 0, bytes);
        float[] out = new float[(int) tensor.shape().count()];
        Numbers.toF32(tensor.dtype(), bytes, 0, out, 0, out.length);
        return out;
    }

    String config() {
        try {
            return Files.readString(folder.resolve("config.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean isLinear(String name) {
        return name.endsWith("_proj.weight");
    }

    /** Both ways to store the model: quantized by {@code method}, and as the f32 weights that this means. */
    record Pair(Path quantized, Path plain, Map<String, float[]> meant) {}

    Pair write(Path temp, Method method) {
        Random random = new Random(17);
        FolderBuilder quantized = new FolderBuilder();
        FolderBuilder plain = new FolderBuilder();
        Map<String, float[]> meant = new LinkedHashMap<>();
        weights.forEach((name, w) -> {
            float[] values = w.values;
            if (linear.test(name)) {
                String module = name.substring(0, name.length() - ".weight".length());
                values = method.put(quantized, module, values, w.rows(), random);
                if (method instanceof IntegerMethods.Gptq && !weights.containsKey(module + ".bias")) {
                    // AutoGPTQ gives every layer a bias, of zeros where the model has none.
                    quantized.floats(module + ".bias", "F16", new float[w.rows()], w.rows());
                }
            } else {
                quantized.floats(name, "BF16", values, w.shape);
            }
            meant.put(name, values);
            plain.floats(name, linear.test(name) ? "F32" : "BF16", values, w.shape);
        });
        String config = config().strip();
        String with = config.substring(0, config.length() - 1) + ",\"quantization_config\":" + method.config() + "}";
        return new Pair(
                quantized.write(temp.resolve("quantized"), with), plain.write(temp.resolve("plain"), config), meant);
    }
}
