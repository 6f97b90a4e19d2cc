package ingot.tests.quantized;

import ingot.tests.torch.Pickle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A LoRA adapter in the making, and the weights that it makes of a model, in double. */
final class AdapterBuilder {
    static final String BASE = "base_model.model.";

    final TinyModel model;
    final FolderBuilder folder = new FolderBuilder();
    final Map<String, double[]> expected = new TreeMap<>();
    private final Random random = new Random(23);

    AdapterBuilder(TinyModel model) {
        this.model = model;
    }

    /** Adds a random matrix. */
    float[] matrix(String name, int rows, int cols, String type) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = Rounded.BF16.of(random.nextGaussian() * 0.1);
        }
        folder.floats(name, type, values, rows, cols);
        return values;
    }

    /** Adds a pair for a linear layer; {@code turned} for a base stored as [in, out]. */
    void pair(String module, int rank, double scaling, boolean turned, String middle) {
        TinyModel.Weight w = model.weights.get(module + ".weight");
        int out = (int) w.shape()[turned ? 1 : 0];
        int in = (int) w.shape()[turned ? 0 : 1];
        float[] a = matrix(BASE + module + ".lora_A" + middle + ".weight", rank, in, "BF16");
        float[] b = matrix(BASE + module + ".lora_B" + middle + ".weight", out, rank, "F32");
        double[] merged = new double[out * in];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                double sum = 0;
                for (int j = 0; j < rank; j++) {
                    sum += (double) b[o * rank + j] * a[j * in + i];
                }
                int at = turned ? i * out + o : o * in + i;
                merged[at] = w.values()[at] + scaling * sum;
            }
        }
        expected.put(module + ".weight", merged);
    }

    /** Writes both files. */
    Path write(Path to, String config) throws IOException {
        Files.writeString(to.resolve("adapter_config.json"), config);
        folder.writeFile(to.resolve("adapter_model.safetensors"));
        return to;
    }

    /** The tensors in torch's zip layout. */
    void writeTorch(Path file) throws IOException {
        Pickle p = Pickle.begin().op("}(");
        int key = 0;
        for (var t : folder.tensors.entrySet()) {
            long[] shape = t.getValue().shape();
            String type = t.getValue().dtype().equals("F32") ? "FloatStorage" : "BFloat16Storage";
            p.text(t.getKey())
                    .tensor(type, Integer.toString(key++), shape[0] * shape[1], shape, new long[] {shape[1], 1});
        }
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            stored(zip, "adapter_model/data.pkl", p.op("u").stop());
            key = 0;
            for (var t : folder.tensors.values()) {
                stored(zip, "adapter_model/data/" + key++, t.bytes());
            }
            stored(zip, "adapter_model/version", new byte[] {'3'});
        }
    }

    private static void stored(ZipOutputStream zip, String name, byte[] data) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(data);
        entry.setMethod(ZipEntry.STORED);
        entry.setCrc(crc.getValue());
        entry.setSize(data.length);
        zip.putNextEntry(entry);
        zip.write(data);
    }
}
