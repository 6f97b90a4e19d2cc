package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * A safetensors file described in JSON, {@code {"NAME": [DTYPE, [DIMENSIONS], DATA]}}, so that a change of a few characters is
 * one of a name, a type, a shape or a value and not of all offsets behind it. DATA is hexadecimal and repeated until the shape
 * is full; or an object, whose text is the tensor, as long as that is.
 */
final class DescribedTensors {
    /** Bytes of a tensor that is not described whole. */
    private static final int PATTERN = 8;

    private DescribedTensors() {}

    /**
     * The file that is described; nonsense is written as it stands.
     *
     * @param maxBytes of all data
     * @throws IngotException.BadData when there would be more
     */
    static byte[] file(JsonNode described, int maxBytes) {
        SequencedMap<String, TinyModel.Stored> tensors = new LinkedHashMap<>();
        int left = maxBytes;
        for (var entry : described.properties()) {
            JsonNode tensor = entry.getValue();
            String dtype = tensor.path(0).asString("");
            String shape = tensor.path(1).isMissingNode() ? "null" : Json.compact(tensor.path(1));
            byte[] data;
            if (tensor.path(2).isObject()) {
                data = Json.compact(tensor.path(2)).getBytes(UTF_8);
                shape = "[" + data.length + "]";
            } else {
                data = repeat(hex(tensor.path(2).asString("")), length(dtype, tensor.path(1), left));
            }
            left -= data.length;
            if (left < 0) {
                throw new IngotException.BadData("more than " + maxBytes + " bytes of data");
            }
            tensors.put(entry.getKey(), new TinyModel.Stored(dtype, shape, data));
        }
        return TinyModel.file(TinyModel.headerJson(tensors), TinyModel.data(tensors));
    }

    /** Bytes of a tensor: 0 where its type or shape is none, one too many where it does not fit. */
    private static int length(String dtype, JsonNode shape, int left) {
        Optional<DType> type = DType.byLabel(dtype);
        if (type.isEmpty() || !shape.isArray()) {
            return 0;
        }
        long bits = type.get().bits();
        for (JsonNode dimension : shape) {
            if (!dimension.canConvertToInt() || dimension.intValue() < 0) {
                return 0;
            }
            bits *= dimension.intValue();
            if (bits > 8L * left) {
                return left + 1;
            }
        }
        return (int) (bits / 8);
    }

    private static byte[] hex(String text) {
        byte[] bytes = new byte[text.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] =
                    (byte) (Character.digit(text.charAt(2 * i), 16) << 4 | Character.digit(text.charAt(2 * i + 1), 16));
        }
        return bytes;
    }

    private static byte[] repeat(byte[] pattern, int length) {
        byte[] out = new byte[length];
        for (int i = 0; i < length && pattern.length > 0; i++) {
            out[i] = pattern[i % pattern.length];
        }
        return out;
    }

    /** @param most bytes of a tensor that is described whole; of others the first values, which repeat */
    static ObjectNode describe(TensorSource source, int most) {
        ObjectNode described = Json.object();
        for (TensorInfo t : source.tensors().values()) {
            byte[] data = new byte[Math.toIntExact(t.bytes())];
            source.read(t, 0, MemorySegment.ofArray(data));
            ArrayNode entry = described.putArray(t.name()).add(t.dtype().label());
            ArrayNode shape = entry.addArray();
            for (long dimension : t.shape().dims()) {
                shape.add(dimension);
            }
            entry.add(data(t.dtype(), data, most));
        }
        return described;
    }

    private static JsonNode data(DType type, byte[] data, int most) {
        if (type == DType.U8 && data.length > 1 && data[0] == '{') {
            return Json.parse(data, Path.of("state"), JsonBound.INPUT);
        }
        byte[] shown = data.length > most ? Arrays.copyOf(data, PATTERN) : data;
        return StringNode.valueOf(HexFormat.of().formatHex(shown));
    }
}
