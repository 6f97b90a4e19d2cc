package ingot.quant.scheme;

import ingot.formats.Numbers;
import ingot.formats.block.Blocks;
import ingot.formats.block.Part;
import ingot.quant.scheme.MatrixSource.StoredRows;
import ingot.runtime.kernel.GroupRounding;
import ingot.runtime.kernel.PairSums;
import ingot.runtime.verify.ErrorSum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Round-to-nearest by {@link GroupRounding}, block by block of codes and scales; blocks that it has no answer for (a last one of fewer than 16
 * rows, weights that are not finite, scales that are no normal numbers of f16) as in {@link GroupRtn}, which says what is
 * wrong, if anything is.
 */
final class GeneratedRtn {
    private final IntegerRtn scheme;
    private final StoredRows stored;
    private final GroupRounding rounding;
    private final RowBlocks blocks;
    private final int cols;
    private final long rowBytes;

    /** Bytes of the parts of a block, be it full or not. */
    private final long[] blockBytes;

    private final ErrorSum error = new ErrorSum();

    GeneratedRtn(IntegerRtn scheme, StoredRows stored, GroupRounding rounding, RowBlocks blocks) {
        this.scheme = scheme;
        this.stored = stored;
        this.rounding = rounding;
        this.blocks = blocks;
        this.cols = blocks.source().cols();
        this.rowBytes = (long) cols * stored.type().bytes();
        this.blockBytes = scheme.layout().parts(Blocks.ROWS, cols).stream()
                .mapToLong(Part::bytes)
                .toArray();
    }

    /** As {@link Scheme#encode}. */
    double encode(PartSink sink) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer =
                    arena.allocate((long) blocks.weights.length * stored.type().bytes(), 64);
            for (int n = blocks.skip(); n > 0; n = blocks.skip()) {
                MemorySegment weights = buffer.asSlice(0, n * rowBytes);
                stored.read(blocks.next() - n, n, weights);
                List<MemorySegment> parts = blocks.parts(scheme.layout(), n);
                for (int row = 0; row < n; row += Blocks.ROWS) {
                    int rows = Math.min(Blocks.ROWS, n - row);
                    MemorySegment block = weights.asSlice(row * rowBytes, rows * rowBytes);
                    List<MemorySegment> out = List.of(part(parts, 0, row), part(parts, 1, row));
                    if (rows < Blocks.ROWS || !generated(block, out)) {
                        inJava(blocks.next() - n + row, rows, out);
                    }
                }
                for (int i = 0; i < parts.size(); i++) {
                    sink.write(i, parts.get(i));
                }
                blocks.endPart(error);
            }
        }
        return error.nmse();
    }

    /** What a part has of the block that begins with the row. */
    private MemorySegment part(List<MemorySegment> parts, int index, int row) {
        return parts.get(index).asSlice(row / Blocks.ROWS * blockBytes[index], blockBytes[index]);
    }

    private boolean generated(MemorySegment weights, List<MemorySegment> parts) {
        Optional<PairSums> sums =
                rounding.block(weights, parts.getFirst(), parts.getLast(), error.part(first(weights)));
        sums.ifPresent(s -> error.part(s, Blocks.ROWS * cols));
        return sums.isPresent();
    }

    private void inJava(long first, int rows, List<MemorySegment> parts) {
        blocks.source().read(first, rows, blocks.weights);
        scheme.round(blocks, rows, new byte[rows * cols], parts);
        error.addToPart(blocks.stored, blocks.weights, rows * cols);
    }

    private float first(MemorySegment weights) {
        float[] first = new float[1];
        Numbers.toF32(stored.type(), weights, 0, first, 0, 1);
        return first[0];
    }
}
