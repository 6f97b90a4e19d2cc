package ingot.formats.torch;

import ingot.formats.torch.PickleValue.Tensor;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;

/**
 * What a layout says of a file.
 *
 * @param storages where each storage is, by key
 * @param order of the bytes of an element
 */
record Contents(
        TorchFile.Layout layout, SequencedMap<String, Tensor> tensors, Map<String, Extent> storages, ByteOrder order) {
    /**
     * Bytes of the file.
     *
     * @param crc the CRC-32 they must have, where the layout records one
     */
    record Extent(long offset, long bytes, OptionalLong crc) {}
}
