package ingot.quant;

import ingot.formats.block.Dense;
import ingot.formats.gguf.GgmlType;
import ingot.quant.ExportResult.Loss;
import ingot.quant.grid.BlockScheme;
import ingot.quant.scheme.DenseScheme;
import ingot.quant.scheme.IntegerCodes;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Writes the tensors of a GGUF file: numbers as they are where the type has them, else as calibrated, else rounded. */
record GgufTensors(GgufWeights weights, GgufCalibration calibrated) {
    private static final int COPY = 1 << 20;

    Loss write(WeightSpec weight, BlockScheme.Sink sink) {
        GgmlType type = weights.type(weight);
        if (type.packed().isEmpty()) {
            try (Source.Rows rows = weights.source().rows(weight, WeightReader.NonFinite.KEEP)) {
                return Loss.copy(new DenseScheme(new Dense(type.presented()), false)
                        .encode(rows, (part, bytes) -> sink.write(bytes.asByteBuffer())));
            }
        }
        if (weights.copied(weight)) {
            copy(weight, type, sink);
            return Loss.copy(0);
        }
        Optional<IntegerCodes> codes = weights.codes(weight);
        if (codes.isPresent()) {
            new BlockScheme(type).carry(codes.get(), sink);
            return Loss.copy(0);
        }
        Optional<Loss> chosen =
                calibrated.copy(weight, type.bytes(weight.shape().count()), sink);
        if (chosen.isPresent()) {
            return chosen.get();
        }
        try (Source.Rows rows = weights.source().rows(weight, WeightReader.NonFinite.REFUSE)) {
            return Loss.nearest(new BlockScheme(type).round(rows, sink));
        }
    }

    /** The blocks of a GGUF file as they are. */
    private void copy(WeightSpec weight, GgmlType type, BlockScheme.Sink sink) {
        long size = type.bytes(weight.shape().count());
        byte[] bytes = new byte[(int) Math.min(COPY, size)];
        for (long at = 0; at < size; at += bytes.length) {
            int n = (int) Math.min(bytes.length, size - at);
            SourceCodes.readStored(
                    weights.source(), weight, at, MemorySegment.ofArray(bytes).asSlice(0, n));
            sink.write(ByteBuffer.wrap(bytes, 0, n));
        }
    }
}
