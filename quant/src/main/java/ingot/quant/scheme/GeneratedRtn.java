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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Round-to-nearest by {@link GroupRounding}, block by block; blocks that it has no answer for (a last one of fewer than 16
 * rows, weights that are not finite, scales that are no normal numbers of f16) as in {@link GroupRtn}, which says what is
 * wrong, if anything is.
 */
record GeneratedRtn(IntegerRtn scheme, StoredRows rows, GroupRounding rounding, RowBlocks blocks) {
    /** Rows in hand: the first of them, their weights, and where their parts go. */
    private record Run(long first, int rows, MemorySegment weights, List<MemorySegment> parts) {}

    double encode(PartSink sink) {
        ErrorSum error = new ErrorSum();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate((long) blocks.weights.length * rows.type().bytes(), 64);
            for (int n = blocks.skip(); n > 0; n = blocks.skip()) {
                Run run = new Run(
                        blocks.next() - n,
                        n,
                        buffer.asSlice(0, n * rowBytes()),
                        blocks.parts(scheme.layout(), n));
                rows.read(run.first, n, run.weights);
                for (int row = 0; row < n; row += Blocks.ROWS) {
                    block(run, row, error);
                }
                for (int i = 0; i < run.parts.size(); i++) {
                    sink.write(i, run.parts.get(i));
                }
                blocks.endPart(error);
            }
        }
        return error.nmse();
    }

    private int cols() {
        return blocks.source().cols();
    }

    private long rowBytes() {
        return (long) cols() * rows.type().bytes();
    }

    private void block(Run run, int row, ErrorSum error) {
        int n = Math.min(Blocks.ROWS, run.rows - row);
        List<MemorySegment> parts = new ArrayList<>();
        List<Part> sizes = scheme.layout().parts(n, cols());
        for (int i = 0; i < sizes.size(); i++) {
            long bytes = sizes.get(i).bytes();
            parts.add(run.parts.get(i).asSlice(row / Blocks.ROWS * bytes, bytes));
        }
        MemorySegment weights = run.weights.asSlice(row * rowBytes(), n * rowBytes());
        Optional<PairSums> sums = n < Blocks.ROWS
                ? Optional.empty()
                : rounding.block(weights, parts.getFirst(), parts.getLast(), error.part(first(weights)));
        if (sums.isPresent()) {
            error.part(sums.get(), n * cols());
            return;
        }
        blocks.source().read(run.first + row, n, blocks.weights);
        scheme.round(blocks, n, new byte[n * cols()], parts);
        error.addToPart(blocks.stored, blocks.weights, n * cols());
    }

    private float first(MemorySegment weights) {
        float[] first = new float[1];
        Numbers.toF32(rows.type(), weights, 0, first, 0, 1);
        return first[0];
    }
}
