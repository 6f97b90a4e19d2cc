package ingot.tests.quantized;

import ingot.tests.quantized.IntegerMethods.Zeros;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One small module in a folder, by each method of quantization. */
public final class QuantizedExamples {
    private static final int OUT = 8;
    private static final int IN = 64;

    private static final List<Method> METHODS = List.of(
            new IntegerMethods.Gptq(4, 32, Zeros.V1_ASYMMETRIC, true, true, "F16"),
            new IntegerMethods.Gptq(3, -1, Zeros.V2_SYMMETRIC, false, false, "BF16"),
            new IntegerMethods.Gptq(8, 16, Zeros.V1_SYMMETRIC, false, true, "F16"),
            new IntegerMethods.Awq(32),
            new IntegerMethods.Packed(4, 32, false, true, "BF16"),
            new IntegerMethods.Packed(8, 0, true, false, "F16"),
            new IntegerMethods.Int8("channel", false),
            new IntegerMethods.Int8("group", true),
            new IntegerMethods.Int8("tensor", true),
            new FloatMethods.Bnb4("nf4", 64, true),
            new FloatMethods.Bnb4("fp4", 32, false),
            new FloatMethods.Bnb8(),
            new FloatMethods.Fp8(false, "block", 3, 32, "F32"),
            new FloatMethods.Fp8(true, "channel", 1, 1, "BF16"),
            new FloatMethods.Fp8(true, "block", 4, 32, "BF16"));

    private QuantizedExamples() {}

    /** Writes a folder for each into {@code parent}. */
    public static List<Path> write(Path parent) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (Method method : METHODS) {
            Random random = new Random(5);
            float[] weights = new float[OUT * IN];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) random.nextGaussian();
            }
            FolderBuilder builder = new FolderBuilder();
            method.put(builder, "model.layers.0.mlp.up_proj", weights, OUT, random);
            builder.floats("model.norm.weight", "BF16", new float[7], 7);
            Path folder = Files.createDirectories(parent.resolve("method-" + folders.size()));
            folders.add(builder.write(folder, "{\"quantization_config\":" + method.config() + "}"));
        }
        return folders;
    }
}
