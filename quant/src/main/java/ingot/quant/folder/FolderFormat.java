package ingot.quant.folder;

import ingot.formats.DType;
import ingot.formats.Shape;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** How a folder stores the matrices of its linear layers. */
public sealed interface FolderFormat permits IntegerFormat, NormalFormat {
    /**
     * A tensor of the folder.
     *
     * @param name with the module in front
     */
    record Part(String name, DType dtype, Shape shape) {
        /** Bytes of its data. */
        public long bytes() {
            return Math.multiplyExact(shape.count(), (long) dtype.bytes());
        }
    }

    /** Takes pieces of tensors; every byte is written once. */
    @FunctionalInterface
    interface Sink {
        /** @param offset of the piece in the data of the tensor */
        void write(String tensor, long offset, ByteBuffer bytes);
    }

    /** Name for summaries: {@code gptq int4 g128}. */
    String describe();

    /** Why a matrix cannot be stored this way; empty when it can. */
    String obstacle(long rows, int cols);

    /** The tensors of a module. */
    List<Part> parts(String module, long rows, int cols);

    /**
     * Settings beside the weights.
     *
     * @param plain modules of linear layers that are not stored this way
     * @return {@code quantization_config} of config.json
     */
    ObjectNode config(List<String> plain);

    /** Other files that say the same, by name. */
    default Map<String, ObjectNode> files(List<String> plain) {
        return Map.of();
    }
}
