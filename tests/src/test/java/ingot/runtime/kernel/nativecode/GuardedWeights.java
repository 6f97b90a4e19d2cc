package ingot.runtime.kernel.nativecode;

import ingot.formats.block.Layout;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.tests.block.RandomMatrix;
import ingot.tests.kernel.NativeMachine;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Multiplies weights that end where a page begins that nobody may read: what reads behind them kills this JVM. The outputs
 * are compared with those of the same weights elsewhere.
 */
final class GuardedWeights {
    private static final int PAGE = 4096;
    private static final int NO_ACCESS = 0;
    private static final int[][] SHAPES = {{1, 1}, {7, 31}, {33, 100}, {16, 896}, {50, 1100}, {17, 256}};
    private static final int[] TOKENS = {1, 2, 6, 10};

    private GuardedWeights() {}

    /** Prints how many products it made; with an argument, reads a byte of the guard instead. */
    public static void main(String[] args) {
        if (args.length > 0) {
            MemorySegment end = guarded(MemorySegment.ofArray(new byte[1]));
            System.out.println(
                    MemorySegment.ofAddress(end.address() + 1).reinterpret(1).get(ValueLayout.JAVA_BYTE, 0));
            return;
        }
        if (!(NativeSupport.probe() instanceof NativeSupport.Ready(List<Isa> isas))) {
            throw new IllegalStateException("no generated code here");
        }
        int products = 0;
        for (Isa isa : isas) {
            products += multiply(isa, ActivationBits.TWENTY);
        }
        if (isas.contains(Isa.AVX512_VNNI)) {
            products += multiply(Isa.AVX512_VNNI, ActivationBits.EIGHT);
        }
        System.out.println(products + " products");
    }

    private static int multiply(Isa isa, ActivationBits bits) {
        int products = 0;
        try (Kernels kernels = NativeMachine.kernels(isa, bits, 1)) {
            for (Layout layout : RandomMatrix.LAYOUTS) {
                products += multiply(kernels, layout);
            }
        }
        return products;
    }

    private static int multiply(Kernels kernels, Layout layout) {
        int products = 0;
        for (int[] shape : SHAPES) {
            RandomMatrix m = RandomMatrix.of(layout, shape[0], shape[1], 3);
            Matrix free = new Matrix(layout, m.rows(), m.cols(), m.parts());
            List<MemorySegment> parts =
                    m.parts().stream().map(GuardedWeights::guarded).toList();
            Matrix guarded = new Matrix(layout, m.rows(), m.cols(), parts);
            for (int tokens : TOKENS) {
                float[] x = new float[tokens * m.cols()];
                for (int i = 0; i < x.length; i++) {
                    x[i] = i % 7 - 3;
                }
                float[] expected = new float[tokens * m.rows()];
                float[] y = new float[tokens * m.rows()];
                kernels.matmul(free, x, tokens, expected);
                kernels.matmul(guarded, x, tokens, y);
                if (!Arrays.equals(expected, y)) {
                    throw new IllegalStateException("other outputs: " + layout);
                }
                products++;
            }
        }
        return products;
    }

    /** A copy that ends with a page, before one that cannot be read; never freed. */
    private static MemorySegment guarded(MemorySegment part) {
        long pages = Math.ceilDiv(part.byteSize(), PAGE) * PAGE;
        MemorySegment memory = Arena.global().allocate(pages + PAGE, PAGE);
        MemorySegment.copy(part, 0, memory, pages - part.byteSize(), part.byteSize());
        MemorySegment mprotect = Linker.nativeLinker().defaultLookup().findOrThrow("mprotect");
        protect(mprotect, memory.address() + pages, PAGE, NO_ACCESS);
        return memory.asSlice(pages - part.byteSize(), part.byteSize());
    }

    private static void protect(MemorySegment mprotect, long address, long bytes, int access) {
        if ((int) ExecutableMemory.Integers.call(mprotect, address, bytes, access) != 0) {
            throw new IllegalStateException("mprotect failed");
        }
    }
}
