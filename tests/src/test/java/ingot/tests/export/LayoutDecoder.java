package ingot.tests.export;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads quantized folders from the layout tables alone: safetensors files by hand, then weight by weight, sharing no code
 * with Ingot's readers.
 */
final class LayoutDecoder {
    record Tensor(String dtype, long[] shape, ByteBuffer data) {
        int i32(long i) {
            return data.getInt((int) (4 * i));
        }

        float f16(long i) {
            return Float.float16ToFloat(data.getShort((int) (2 * i)));
        }

        float f32(long i) {
            return data.getFloat((int) (4 * i));
        }

        int u8(long i) {
            return data.get((int) i) & 0xFF;
        }
    }

    final Map<String, Tensor> tensors = new LinkedHashMap<>();
    final JsonNode config;
    private final JsonMapper json = new JsonMapper();

    LayoutDecoder(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList()) {
                read(file);
            }
        }
        config = json.readTree(Files.readString(folder.resolve("config.json")));
    }

    private void read(Path path) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int n = (int) file.getLong(0);
        JsonNode header = json.readTree(new String(file.array(), 8, n, StandardCharsets.UTF_8));
        header.properties().forEach(e -> {
            if (e.getKey().equals("__metadata__")) {
                return;
            }
            JsonNode t = e.getValue();
            long[] shape =
                    t.get("shape").valueStream().mapToLong(JsonNode::asLong).toArray();
            int begin = t.get("data_offsets").get(0).asInt();
            int end = t.get("data_offsets").get(1).asInt();
            ByteBuffer data = file.slice(8 + n + begin, end - begin).order(ByteOrder.LITTLE_ENDIAN);
            tensors.put(e.getKey(), new Tensor(t.get("dtype").asString(), shape, data));
        });
    }

    JsonNode settings() {
        return config.get("quantization_config");
    }

    Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new AssertionError("no tensor " + name + " among " + tensors.keySet());
        }
        return tensor;
    }

    /** w[o][i] = (nibble − (zero + 1)) · scale[group[i]][o]. */
    float[] gptq(String module) {
        int bits = settings().get("bits").asInt();
        int per = 32 / bits;
        int mask = (1 << bits) - 1;
        Tensor qweight = tensor(module + ".qweight");
        Tensor zeros = tensor(module + ".qzeros");
        Tensor scales = tensor(module + ".scales");
        Tensor index = tensor(module + ".g_idx");
        int out = (int) qweight.shape()[1];
        int in = (int) qweight.shape()[0] * per;
        float[] w = new float[out * in];
        for (int i = 0; i < in; i++) {
            int g = index.i32(i);
            for (int o = 0; o < out; o++) {
                int q = qweight.i32((long) (i / per) * out + o) >>> bits * (i % per) & mask;
                int zero = (zeros.i32((long) g * (out / per) + o / per) >>> bits * (o % per) & mask) + 1;
                w[o * in + i] = (q - zero) * scales.f16((long) g * out + o);
            }
        }
        return w;
    }

    /** w[o][i] = (nibble − 8) · scale[o][i ÷ group], or a signed byte instead. */
    float[] compressed(String module) {
        Tensor scale = tensor(module + ".weight_scale");
        int groups = (int) scale.shape()[1];
        boolean packed = tensors.containsKey(module + ".weight_packed");
        Tensor codes = tensor(module + (packed ? ".weight_packed" : ".weight"));
        int out = (int) codes.shape()[0];
        int in = packed ? (int) tensor(module + ".weight_shape").data().getLong(8) : (int) codes.shape()[1];
        float[] w = new float[out * in];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                int q = packed
                        ? (codes.i32(o * codes.shape()[1] + i / 8) >>> 4 * (i % 8) & 15) - 8
                        : (byte) codes.u8((long) o * in + i);
                w[o * in + i] = q * scale.f16((long) o * groups + i / (in / groups));
            }
        }
        return w;
    }

    /** w[n] = map[nibble] · absmax[n ÷ 64], the even element in the high nibble. */
    float[] bnb(String module) {
        String name = module + ".weight";
        Tensor packed = tensor(name);
        Tensor absmax = tensor(name + ".absmax");
        Tensor map = tensor(name + ".quant_map");
        Tensor text = tensor(name + ".quant_state.bitsandbytes__nf4");
        byte[] utf8 = new byte[text.data().capacity()];
        text.data().get(0, utf8);
        JsonNode state = json.readTree(new String(utf8, StandardCharsets.UTF_8));
        int n = state.get("shape").get(0).asInt() * state.get("shape").get(1).asInt();
        boolean nested = state.has("nested_blocksize");
        float[] w = new float[n];
        for (int i = 0; i < n; i++) {
            int b = i / state.get("blocksize").asInt();
            float scale;
            if (nested) {
                float product = tensor(name + ".nested_quant_map").f32(absmax.u8(b))
                        * tensor(name + ".nested_absmax")
                                .f32(b / state.get("nested_blocksize").asInt());
                scale = product + (float) state.get("nested_offset").asDouble();
            } else {
                scale = absmax.f32(b);
            }
            int both = packed.u8(i / 2);
            w[i] = map.f32(i % 2 == 0 ? both >> 4 : both & 15) * scale;
        }
        return w;
    }
}
