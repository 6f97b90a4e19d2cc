package ingot.tests.export;

import ingot.formats.DType;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.safetensors.SafetensorsOutput;
import ingot.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The trained Qwen3 model made a Qwen2: the norms of q and k left out, biases of q, k and v put in. The published binding of
 * llama.cpp is older than Qwen3; this has real weights in an architecture it knows.
 */
final class TrainedQwen2 {
    private TrainedQwen2() {}

    static Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json")) {
            Files.copy(Exports.TRAINED.resolve(name), folder.resolve(name));
        }
        String config = Files.readString(Exports.TRAINED.resolve("config.json"));
        Files.writeString(
                folder.resolve("config.json"),
                config.replace("Qwen3ForCausalLM", "Qwen2ForCausalLM").replace("\"qwen3\"", "\"qwen2\""));
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, byte[]> data = new TreeMap<>();
        try (SafetensorsFile file = SafetensorsFile.open(Exports.TRAINED.resolve("model.safetensors"))) {
            for (TensorInfo t : file.tensors().values()) {
                if (t.name().contains("q_norm") || t.name().contains("k_norm")) {
                    continue;
                }
                byte[] bytes = new byte[(int) t.bytes()];
                file.read(t, 0, MemorySegment.ofArray(bytes));
                shapes.put(t.name(), t.shape());
                data.put(t.name(), bytes);
                if (t.name().matches(".*\\.[qkv]_proj\\.weight")) {
                    String bias = t.name().replace(".weight", ".bias");
                    shapes.put(bias, new Shape(t.shape().dim(0)));
                    data.put(bias, bias((int) t.shape().dim(0)));
                }
            }
        }
        SafetensorsWriter layout = new SafetensorsWriter(1);
        shapes.forEach((name, shape) -> layout.add(name, DType.BF16, shape));
        try (SafetensorsOutput out =
                SafetensorsOutput.create(folder.resolve("model.safetensors"), false, layout, Map.of())) {
            data.forEach((name, bytes) -> out.write(name, ByteBuffer.wrap(bytes)));
            out.commit();
        }
        return folder;
    }

    /** bf16 multiples of 1 ÷ 64 between −0.25 and 0.25. */
    private static byte[] bias(int n) {
        ByteBuffer out = ByteBuffer.allocate(2 * n).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < n; i++) {
            out.putShort((short) (Float.floatToRawIntBits((i * 7 % 33 - 16) / 64f) >>> 16));
        }
        return out.array();
    }
}
