package ingot.formats.quantized;

import ingot.formats.DType;
import ingot.formats.TensorInfo;
import ingot.formats.Text;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.json.ObjectFields;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The JSON that bitsandbytes stores as a U8 tensor beside a 4-bit weight ({@code QuantState.as_dict}).
 *
 * @param block weights per absmax, over the flattened matrix
 * @param nestedBlock scales per nested absmax; absent for plain scales
 * @param offset added to nested scales
 */
public record Bnb4State(String type, long rows, int cols, int block, Optional<Integer> nestedBlock, float offset) {
    /** About 200 bytes in published files. */
    private static final JsonBound MAX_JSON = new JsonBound(1 << 16, 1000);

    private static final int MAX_BLOCK = 1 << 20;

    static Bnb4State read(Stored stored, TensorInfo tensor, String type) {
        if (tensor.dtype() != DType.U8 || tensor.shape().count() > MAX_JSON.bytes()) {
            throw Stored.bad(
                    tensor,
                    tensor.dtype().label() + " " + tensor.shape() + "; expected at most " + MAX_JSON.bytes() + " U8");
        }
        byte[] utf8 =
                Stored.bytes(stored.source(), tensor, 0, (int) tensor.shape().count());
        ObjectFields fields =
                new ObjectFields(Json.parseObject(utf8, tensor.file(), MAX_JSON), tensor.file(), tensor.name() + ": ");
        String stated = fields.text("quant_type").orElse(type);
        if (!stated.equals(type)) {
            throw fields.bad("quant_type", Text.quote(stated) + "; the tensor's name says " + type);
        }
        JsonNode shape = fields.get("shape").orElseThrow(() -> fields.bad("shape", "missing; expected [out, in]"));
        if (!shape.isArray()
                || shape.size() != 2
                || !shape.valueStream()
                        .allMatch(d -> d.isIntegralNumber() && d.canConvertToInt() && d.intValue() > 0)) {
            throw fields.bad("shape", ObjectFields.show(shape) + "; expected two positive integers");
        }
        Optional<Integer> nested = fields.integer("nested_blocksize", 1, MAX_BLOCK).stream()
                .boxed()
                .findFirst();
        float offset = nested.isEmpty()
                ? 0
                : fields.number("nested_offset")
                        .orElseThrow(() -> fields.bad("nested_offset", "missing beside nested_blocksize"))
                        .floatValue();
        if (!Float.isFinite(offset)) {
            throw fields.bad("nested_offset", "expected a number that is finite as f32");
        }
        return new Bnb4State(
                type,
                shape.get(0).intValue(),
                Stored.cols(shape.get(1).intValue(), tensor),
                fields.requireInteger("blocksize", 1, MAX_BLOCK),
                nested,
                offset);
    }
}
