package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.nativecode.NativeCode.TypeCode;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/** Matrix-vector products, shared among threads by blocks of rows. For one calling thread, whose buffers it has. */
final class OneToken implements IntConsumer {
    /** Bytes of codes that make a task worth claiming. */
    private static final long TASK_BYTES = 64 << 10;

    private static final float[] NOWHERE = {};

    private final NativeCode code;
    private final NativeScratch input = new NativeScratch();
    private final NativeScratch records = new NativeScratch();
    private final NativeScratch output = new NativeScratch();

    // The product under way: fields, as records made for every product would be garbage of the token loop.
    private final NativeCode.Operands operands = new NativeCode.Operands();
    private int rows;
    private int blocks;
    private int blocksPerTask;
    private float[] y = NOWHERE;

    OneToken(NativeCode code) {
        this.code = code;
    }

    /** y = W·x with integer codes. */
    void multiply(Kernels pool, Matrix w, Grouped layout, float[] x, float[] out) {
        Blocks geometry = layout.blocks(w.rows(), w.cols());
        TypeCode type = code.type(layout);
        int units = geometry.paddedCols() / Grouping.UNIT;
        operands.entry = type.matvec();
        operands.records = records.bytes((long) units * UnitRecord.RECORD_BYTES);
        operands.last = geometry.group() / Grouping.UNIT;
        MemorySegment in = input.floats(x, 0, w.cols(), geometry.paddedCols());
        code.quantize(in, operands.records, units, UnitRecord.RECORD_BYTES);
        share(pool, w, geometry, out);
    }

    /** y = W·x with plain nf4. */
    void multiplyNf4(Kernels pool, Matrix w, float[] x, float[] out) {
        Blocks geometry = Blocks.of(w.rows(), w.cols(), Nf4.GROUP);
        operands.entry = code.nf4();
        operands.records = input.floats(x, 0, w.cols(), geometry.paddedCols());
        operands.last = code.nf4Table().address();
        share(pool, w, geometry, out);
    }

    private void share(Kernels pool, Matrix w, Blocks geometry, float[] out) {
        operands.codes = w.parts().getFirst();
        operands.scales = w.parts().getLast();
        operands.out = output.bytes((long) geometry.count() * Blocks.ROWS * Float.BYTES);
        operands.groups = geometry.groups();
        rows = w.rows();
        blocks = geometry.count();
        long blockBytes = operands.codes.byteSize() / blocks;
        blocksPerTask = (int) Math.clamp(TASK_BYTES / blockBytes, 1, blocks);
        y = out;
        try {
            pool.parallel((blocks - 1) / blocksPerTask + 1, this);
        } finally {
            // Keeps no weights and no caller's array alive.
            operands.codes = MemorySegment.NULL;
            operands.scales = MemorySegment.NULL;
            y = NOWHERE;
        }
    }

    @Override
    public void accept(int task) {
        int first = task * blocksPerTask;
        int count = Math.min(blocksPerTask, blocks - first);
        NativeCode.matvec(operands, first, count);
        int row = first * Blocks.ROWS;
        int n = Math.min(count * Blocks.ROWS, rows - row);
        MemorySegment.copy(operands.out, JAVA_FLOAT, (long) row * Float.BYTES, y, row, n);
    }
}
