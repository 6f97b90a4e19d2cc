package ingot.quant.folder;

import ingot.formats.DType;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Nf4;
import ingot.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * bitsandbytes NF4 as {@code QuantState.as_dict(packed=True)} serialises it: {@code weight} U8 [⌈n ÷ 2⌉, 1], the even element
 * in the high nibble, n weights counted through all rows; {@code weight.absmax} F32, or U8 where the scales are quantized
 * themselves, then with {@code weight.nested_absmax} and {@code weight.nested_quant_map}; {@code weight.quant_map} F32 [16]; and
 * {@code weight.quant_state.bitsandbytes__nf4}, a JSON text as U8.
 *
 * @param dtype what the weights are dequantized to by the library: {@code bfloat16}, {@code float16}, {@code float32}
 */
public record NormalFormat(boolean nested, String dtype) implements FolderFormat {
    private static final int RUN = 1 << 20;
    private static final String STATE = ".weight.quant_state.bitsandbytes__nf4";

    /** Room for the decimal of an offset, which is known later than the size; what is left is spaces, which JSON allows. */
    private static final int OFFSET_CHARS = 24;

    @Override
    public String describe() {
        return "bitsandbytes nf4" + (nested ? " double-quantized" : "");
    }

    @Override
    public String obstacle(long rows, int cols) {
        return "";
    }

    @Override
    public List<Part> parts(String module, long rows, int cols) {
        long n = Math.multiplyExact(rows, (long) cols);
        long blocks = ceil(n, Nf4.GROUP);
        String weight = module + ".weight";
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(weight, DType.U8, new Shape(ceil(n, 2), 1)));
        parts.add(new Part(weight + ".absmax", nested ? DType.U8 : DType.F32, new Shape(blocks)));
        if (nested) {
            parts.add(new Part(weight + ".nested_absmax", DType.F32, new Shape(ceil(blocks, Nf4.NESTED))));
            parts.add(new Part(weight + ".nested_quant_map", DType.F32, new Shape(DynamicMap.SIZE)));
        }
        parts.add(new Part(weight + ".quant_map", DType.F32, new Shape(16)));
        parts.add(new Part(module + STATE, DType.U8, new Shape(state(rows, cols, "").length)));
        return parts;
    }

    private static long ceil(long n, int size) {
        return (n + size - 1) / size;
    }

    /** Stores a matrix whose scales are of the kind of this format. */
    public void write(NormalCodes codes, String module, Sink sink) {
        int cols = codes.cols();
        int step = (int) Math.min(Math.max(2, RUN / cols / 2 * 2), codes.rows());
        byte[] q = new byte[Math.multiplyExact(step, cols)];
        for (long row = 0; row < codes.rows(); row += step) {
            int n = (int) Math.min(step, codes.rows() - row);
            codes.read(row, n, q);
            byte[] packed = new byte[(n * cols + 1) / 2];
            for (int i = 0; i < n * cols; i++) {
                packed[i / 2] |= (byte) (i % 2 == 0 ? q[i] << 4 : q[i]);
            }
            sink.write(module + ".weight", row * cols / 2, ByteBuffer.wrap(packed));
        }
        String weight = module + ".weight";
        switch (codes.scales()) {
            case NormalCodes.Plain plain -> sink.write(weight + ".absmax", 0, floats(plain.absmax()));
            case NormalCodes.Nested inner -> {
                DoubleQuantized scales = inner.scales();
                sink.write(weight + ".absmax", 0, ByteBuffer.wrap(scales.codes()));
                sink.write(weight + ".nested_absmax", 0, floats(scales.nested()));
                sink.write(weight + ".nested_quant_map", 0, floats(DynamicMap.values()));
            }
        }
        sink.write(weight + ".quant_map", 0, floats(Nf4.values()));
        // A Python float: the f32 widened, in its shortest decimal.
        String offset = codes.scales() instanceof NormalCodes.Nested inner
                ? Double.toString(inner.scales().offset())
                : "";
        sink.write(module + STATE, 0, ByteBuffer.wrap(state(codes.rows(), cols, offset)));
    }

    private byte[] state(long rows, int cols, String offset) {
        String json = "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"" + dtype + "\", \"shape\": [" + rows
                + ", " + cols + "]";
        if (nested) {
            json += ", \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", \"nested_offset\": " + offset + "}";
            json += " ".repeat(OFFSET_CHARS - offset.length());
        } else {
            json += "}";
        }
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer floats(float[] values) {
        MemorySegment out = MemorySegment.ofArray(new byte[Math.multiplyExact(4, values.length)]);
        MemorySegment.copy(values, 0, out, Numbers.LE_FLOAT, 0, values.length);
        return out.asByteBuffer();
    }

    @Override
    public ObjectNode config(List<String> plain) {
        ObjectNode node = Json.object();
        node.put("quant_method", "bitsandbytes");
        node.put("load_in_4bit", true);
        node.put("load_in_8bit", false);
        node.put("bnb_4bit_quant_type", "nf4");
        node.put("bnb_4bit_use_double_quant", nested);
        node.put("bnb_4bit_compute_dtype", dtype);
        node.put("bnb_4bit_quant_storage", "uint8");
        var skip = node.putArray("llm_int8_skip_modules");
        plain.forEach(skip::add);
        return node;
    }
}
