package ingot.quant.calibration;

import ingot.formats.json.Json;
import ingot.quant.gptq.RoundingError;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A tensor that is done, in a {@link WorkFolder}.
 *
 * @param step in whose file it lies
 * @param offset of its parts, one behind the other
 * @param note how it was rounded, where that was not as asked; empty else
 */
record KeptTensor(int step, long offset, long bytes, RoundingError error, String note) {
    /** The same with what rounding did to more rows. A note that earlier rows did not have says where it begins. */
    KeptTensor plus(RoundingError more, int firstRow, String other) {
        String notes = note.contains(other)
                ? note
                : other + " (from row " + firstRow + ")" + (note.isEmpty() ? "" : "; " + note);
        return new KeptTensor(step, offset, bytes, error.plus(more), notes);
    }

    ObjectNode toJson() {
        return Json.object()
                .put("offset", offset)
                .put("bytes", bytes)
                .put("squared", error.squared())
                .put("sum", error.sum())
                .put("squares", error.squares())
                .put("count", error.count())
                .put("weighted", error.weighted())
                .put("energy", error.energy())
                .put("note", note);
    }

    /**
     * @param size of the step's file
     * @throws RuntimeException of some kind when the list is not as it was written
     */
    static KeptTensor read(int step, long size, JsonNode node) {
        RoundingError error = new RoundingError(
                node.get("squared").asDouble(),
                node.get("sum").asDouble(),
                node.get("squares").asDouble(),
                node.get("count").asLong(),
                node.get("weighted").asDouble(),
                node.get("energy").asDouble());
        long offset = node.get("offset").asLong();
        long bytes = node.get("bytes").asLong();
        if (offset < 0 || bytes < 0 || Math.addExact(offset, bytes) > size) {
            throw new IllegalArgumentException("offsets");
        }
        return new KeptTensor(step, offset, bytes, error, node.get("note").asString());
    }
}
