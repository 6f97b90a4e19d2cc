package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.GuidedSplit;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Products;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Matrix-vector products of matrices that read the same activations, shared among threads by blocks of rows. With several tokens
 * the codes of a task come from memory for the first and from the cache for the others. For one calling thread, whose buffers
 * it has.
 */
final class FewTokens implements IntConsumer {
    /** Bytes of codes that stay in the second-level cache while several tokens pass. */
    private static final long CACHED = 64 << 10;

    private static final float[] NOWHERE = {};

    private final NativeCode code;
    private final NativeScratch input = new NativeScratch();
    private final List<NativeScratch> records = new ArrayList<>();

    // What is under way: kept, as objects made for every product would be garbage of the token loop.
    private final List<Share> shares = new ArrayList<>();
    private final GuidedSplit split = new GuidedSplit();
    private int count;

    /** One token's product with one matrix. */
    private static final class Row {
        private final NativeCode.Operands operands = new NativeCode.Operands();
        private final NativeScratch output = new NativeScratch();
    }

    /** One matrix of those under way. */
    private static final class Share {
        private final List<Row> tokens = new ArrayList<>();
        private int count;
        private int rows;
        private int rowsPerBlock;
        private int blocks;
        private float[] y = NOWHERE;

        void run(int first, int n) {
            int row = first * rowsPerBlock;
            int length = Math.min(n * rowsPerBlock, rows - row);
            for (int t = 0; t < count; t++) {
                NativeCode.Operands operands = tokens.get(t).operands;
                NativeCode.matvec(operands, first, n);
                MemorySegment.copy(operands.out, JAVA_FLOAT, (long) row * Float.BYTES, y, t * rows + row, length);
            }
        }

        Row token(int t) {
            if (t == tokens.size()) {
                tokens.add(new Row());
            }
            return tokens.get(t);
        }

        /** Keeps no weights and no caller's array alive. */
        void release() {
            for (int t = 0; t < count; t++) {
                tokens.get(t).operands.codes = MemorySegment.NULL;
                tokens.get(t).operands.scales = MemorySegment.NULL;
            }
            y = NOWHERE;
        }
    }

    FewTokens(NativeCode code) {
        this.code = code;
    }

    /** y = W·x for every token and every matrix; there are kernels for them, of integer codes where tokens are several. */
    void multiply(Kernels pool, Products products, float[] x, int tokens) {
        prepare(products, x, tokens);
        count = products.count();
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += codes(products.weight(i));
        }
        split.begin(bytes, pool.threads(), tokens == 1 ? Long.MAX_VALUE : CACHED);
        for (int i = 0; i < count; i++) {
            if (i == shares.size()) {
                shares.add(new Share());
            }
            Share s = shares.get(i);
            s.count = tokens;
            share(s, products.weight(i), products.output(i));
            split.add(s.blocks, codes(products.weight(i)) / s.blocks);
        }
        try {
            pool.parallel(split.tasks(), this);
        } finally {
            for (int i = 0; i < count; i++) {
                shares.get(i).release();
            }
        }
    }

    /** Activations up to the longest padded row, and their rounded form where a matrix reads that. */
    private void prepare(Products products, float[] x, int tokens) {
        int padded = 0;
        int rounded = 0;
        for (int i = 0; i < products.count(); i++) {
            Matrix w = products.weight(i);
            int cols = w.layout() instanceof Dense ? w.cols() : w.blocks().paddedCols();
            padded = Math.max(padded, cols);
            rounded = w.layout() instanceof Grouped ? Math.max(rounded, cols) : rounded;
        }
        int cols = products.weight(0).cols();
        int units = rounded / Grouping.UNIT;
        for (int t = 0; t < tokens; t++) {
            if (t == records.size()) {
                records.add(new NativeScratch());
            }
            MemorySegment in = input.floats(x, t * cols, cols, padded);
            MemorySegment to = records.get(t).bytes((long) units * UnitRecord.RECORD_BYTES);
            if (units > 0) {
                code.quantize(in, to, units, UnitRecord.RECORD_BYTES);
            }
        }
    }

    /** Bytes of the first part, which has most. */
    private static long codes(Matrix w) {
        return w.parts().getFirst().byteSize();
    }

    private void share(Share s, Matrix w, float[] y) {
        s.rows = w.rows();
        s.rowsPerBlock = w.layout() instanceof Dense ? 1 : Blocks.ROWS;
        s.blocks = (w.rows() - 1) / s.rowsPerBlock + 1;
        for (int t = 0; t < s.count; t++) {
            Row token = s.token(t);
            NativeCode.Operands operands = token.operands;
            switch (w.layout()) {
                case Grouped layout -> {
                    operands.entry = code.type(layout).matvec();
                    operands.records = records.get(t).bytes(0);
                    operands.groups = w.blocks().groups();
                    operands.last = w.blocks().group() / Grouping.UNIT;
                }
                case Nf4 nf4 -> {
                    operands.entry = code.nf4();
                    operands.records = input.bytes(0);
                    operands.groups = w.blocks().groups();
                    operands.last = code.nf4Table().address();
                }
                case Dense dense -> {
                    operands.entry = code.dense(dense.type());
                    operands.records = input.bytes(0);
                    operands.groups = w.cols();
                    operands.last = 0;
                }
            }
            operands.codes = w.parts().getFirst();
            operands.scales = w.parts().getLast();
            operands.out = token.output.bytes((long) s.blocks * s.rowsPerBlock * Float.BYTES);
        }
        s.y = y;
    }

    @Override
    public void accept(int task) {
        shares.get(split.part(task)).run(split.first(task), split.count(task));
    }
}
