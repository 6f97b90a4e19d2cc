package ingot.tests.model;

import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Reads golden.safetensors as golden-outputs/checkpoints/README.md describes it. */
final class Golden {
    static final Path OUTPUTS = Path.of(System.getProperty("ingot.root")).resolve("golden-outputs");
    static final List<String> ALL = List.of(
            "checkpoints/qwen1-bin",
            "checkpoints/qwen1-bin-legacy",
            "checkpoints/qwen1-bin-sharded",
            "checkpoints/qwen1-e2e",
            "checkpoints/qwen1-late-safetensors",
            "checkpoints/qwen1-safetensors",
            "checkpoints/qwen2-e2e",
            "checkpoints/qwen2-swa-yarn",
            "checkpoints/qwen2-tied-bf16",
            "checkpoints/qwen2-tied-f32",
            "checkpoints/qwen2-yarn-hub",
            "checkpoints/qwen2_moe-a",
            "checkpoints/qwen3-tied-bf16",
            "checkpoints/qwen3_moe-a",
            "models/qwen3-6m-gutenberg");

    /** Models with gated DeltaNet layers, where two f32 evaluation orders differ by more. */
    static final List<String> HYBRID =
            List.of("checkpoints/qwen3_next-a", "checkpoints/qwen3_5-a", "checkpoints/qwen3_5_moe-a");

    /** The bar of the project for the NMSE of a model's logits and hidden states. */
    static double bar(String name) {
        return HYBRID.contains(name) ? 1e-8 : 1e-9;
    }

    /** Every checkpoint that runs. */
    static List<String> every() {
        return Stream.concat(ALL.stream(), HYBRID.stream()).toList();
    }

    /**
     * One prompt.
     *
     * @param logits [tokens][vocab]
     * @param greedy continuation by recomputing everything at each step
     * @param greedyCached continuation with a cache; where it is not recorded, the same as {@code greedy}: those
     *     checkpoints do not rotate by the length of the sequence
     * @param hidden name → [tokens][hidden], empty for most prompts
     */
    record Prompt(int[] ids, float[] logits, int[] greedy, int[] greedyCached, TreeMap<String, float[]> hidden) {}

    private Golden() {}

    static Path folder(String name) {
        return OUTPUTS.resolve(name);
    }

    static List<Prompt> read(String name) {
        try (SafetensorsFile file = SafetensorsFile.open(folder(name).resolve("golden.safetensors"))) {
            List<Prompt> prompts = new ArrayList<>();
            for (int k = 0; file.tensors().containsKey("prompt." + k + ".input_ids"); k++) {
                String prefix = "prompt." + k + ".";
                var hidden = new TreeMap<String, float[]>();
                for (String tensor : file.tensors().keySet()) {
                    if (tensor.startsWith(prefix + "hidden.")) {
                        hidden.put(tensor.substring((prefix + "hidden.").length()), floats(file, tensor));
                    }
                }
                boolean cached = file.tensors().containsKey(prefix + "greedy_ids_cached");
                prompts.add(new Prompt(
                        ints(file, prefix + "input_ids"),
                        floats(file, prefix + "logits"),
                        ints(file, prefix + "greedy_ids"),
                        ints(file, prefix + (cached ? "greedy_ids_cached" : "greedy_ids")),
                        hidden));
            }
            return prompts;
        }
    }

    static float[] floats(TensorSource file, String name) {
        TensorInfo tensor = file.tensors().get(name);
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        file.read(tensor, 0, MemorySegment.ofArray(bytes));
        float[] values = new float[Math.toIntExact(tensor.shape().count())];
        Numbers.toF32(tensor.dtype(), MemorySegment.ofArray(bytes), 0, values, 0, values.length);
        return values;
    }

    private static int[] ints(SafetensorsFile file, String name) {
        float[] values = floats(file, name);
        int[] ints = new int[values.length];
        Arrays.setAll(ints, i -> (int) values[i]);
        return ints;
    }

    /** mean((a − b)²) ÷ mean((b − mean(b))²), b the reference. */
    static double nmse(float[] a, float[] b) {
        double[] wide = new double[b.length];
        Arrays.setAll(wide, i -> b[i]);
        return nmse(a, wide);
    }

    static double nmse(float[] a, double[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException(a.length + " against " + b.length + " values");
        }
        double mean = Arrays.stream(b).average().orElseThrow();
        double error = 0;
        double variance = 0;
        for (int i = 0; i < b.length; i++) {
            error += (a[i] - b[i]) * (a[i] - b[i]);
            variance += (b[i] - mean) * (b[i] - mean);
        }
        return error / variance;
    }
}
