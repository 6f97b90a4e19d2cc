package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Products;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Matrix-vector products of matrices that read the same activations, shared among threads by blocks of rows. For one calling
 * thread, whose buffers it has.
 */
final class OneToken implements IntConsumer {
    /** Bytes of codes that make a task worth claiming. */
    private static final long TASK_BYTES = 64 << 10;

    private static final float[] NOWHERE = {};

    private final NativeCode code;
    private final NativeScratch input = new NativeScratch();
    private final NativeScratch records = new NativeScratch();

    // What is under way: kept, as objects made for every product would be garbage of the token loop.
    private final List<Share> shares = new ArrayList<>();
    private int count;
    private int tasks;

    /** One matrix of those under way. */
    private static final class Share {
        private final NativeCode.Operands operands = new NativeCode.Operands();
        private final NativeScratch output = new NativeScratch();
        private int rows;
        private int blocks;
        private int blocksPerTask;
        private int firstTask;
        private float[] y = NOWHERE;

        void run(int task) {
            int first = (task - firstTask) * blocksPerTask;
            int n = Math.min(blocksPerTask, blocks - first);
            NativeCode.matvec(operands, first, n);
            int row = first * Blocks.ROWS;
            int length = Math.min(n * Blocks.ROWS, rows - row);
            MemorySegment.copy(operands.out, JAVA_FLOAT, (long) row * Float.BYTES, y, row, length);
        }

        /** Keeps no weights and no caller's array alive. */
        void release() {
            operands.codes = MemorySegment.NULL;
            operands.scales = MemorySegment.NULL;
            y = NOWHERE;
        }
    }

    OneToken(NativeCode code) {
        this.code = code;
    }

    /** y = W·x for every matrix; there are kernels for them. */
    void multiply(Kernels pool, Products products, float[] x) {
        prepare(products, x);
        tasks = 0;
        count = products.count();
        for (int i = 0; i < count; i++) {
            if (i == shares.size()) {
                shares.add(new Share());
            }
            tasks += share(shares.get(i), products.weight(i), products.output(i));
        }
        try {
            pool.parallel(tasks, this);
        } finally {
            for (int i = 0; i < count; i++) {
                shares.get(i).release();
            }
        }
    }

    /** Activations up to the longest padded row, and their rounded form where a matrix reads that. */
    private void prepare(Products products, float[] x) {
        int padded = 0;
        int rounded = 0;
        for (int i = 0; i < products.count(); i++) {
            Matrix w = products.weight(i);
            padded = Math.max(padded, w.blocks().paddedCols());
            rounded =
                    w.layout() instanceof Grouped ? Math.max(rounded, w.blocks().paddedCols()) : rounded;
        }
        MemorySegment in = input.floats(x, 0, products.weight(0).cols(), padded);
        int units = rounded / Grouping.UNIT;
        MemorySegment to = records.bytes((long) units * UnitRecord.RECORD_BYTES);
        if (units > 0) {
            code.quantize(in, to, units, UnitRecord.RECORD_BYTES);
        }
    }

    /** Returns the number of tasks. */
    private int share(Share s, Matrix w, float[] y) {
        Blocks geometry = w.blocks();
        NativeCode.Operands operands = s.operands;
        if (w.layout() instanceof Grouped layout) {
            operands.entry = code.type(layout).matvec();
            operands.records = records.bytes(0);
            operands.last = geometry.group() / Grouping.UNIT;
        } else {
            operands.entry = code.nf4();
            operands.records = input.bytes(0);
            operands.last = code.nf4Table().address();
        }
        operands.codes = w.parts().getFirst();
        operands.scales = w.parts().getLast();
        operands.out = s.output.bytes((long) geometry.count() * Blocks.ROWS * Float.BYTES);
        operands.groups = geometry.groups();
        s.rows = w.rows();
        s.blocks = geometry.count();
        long blockBytes = operands.codes.byteSize() / s.blocks;
        s.blocksPerTask = (int) Math.clamp(TASK_BYTES / blockBytes, 1, s.blocks);
        s.firstTask = tasks;
        s.y = y;
        return (s.blocks - 1) / s.blocksPerTask + 1;
    }

    @Override
    public void accept(int task) {
        int i = count - 1;
        while (shares.get(i).firstTask > task) {
            i--;
        }
        shares.get(i).run(task);
    }
}
