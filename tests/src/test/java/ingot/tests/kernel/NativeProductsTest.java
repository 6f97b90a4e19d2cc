package ingot.tests.kernel;

import static ingot.tests.kernel.Multiplication.activations;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import ingot.formats.DType;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.kernel.Products;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.tests.block.RandomMatrix;
import ingot.tests.cli.ChildCommand;
import ingot.tests.cli.ChildCommand.Outcome;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the products of generated kernels do not depend on, and what they leave alone. */
class NativeProductsTest {
    private static final int[] TOKENS = {1, 2, 4, 5, 6, 7, 10, 33};

    /** Types of different padding and bias together, one that is not generated among them or not. */
    @Test
    void companyChangesNoBit() {
        List<Layout> integers = List.of(new Int8(96), new Int4(32), new IntN(3, Grouping.CHANNEL), new Iq4(128));
        List<Layout> tables = List.of(new Nf4(false), new Int4(64));
        List<Layout> mixed = List.of(new Int4(32), new Nf4(true), new Dense(DType.F32));
        List<Layout> dense = List.of(new Dense(DType.BF16), new Int4(32), new Dense(DType.F16), new Nf4(false));
        for (Isa isa : NativeMachine.isas()) {
            try (Kernels kernels = NativeMachine.kernels(isa, ActivationBits.TWENTY, 2)) {
                for (List<Layout> layouts : List.of(integers, tables, mixed, dense)) {
                    for (int tokens : TOKENS) {
                        float[] x = activations(tokens, 100);
                        Products products = new Products();
                        for (int i = 0; i < layouts.size(); i++) {
                            RandomMatrix m = RandomMatrix.of(layouts.get(i), 33 + 300 * i, 100, 7);
                            products.add(
                                    new Matrix(m.layout(), m.rows(), 100, m.parts()), new float[tokens * m.rows()]);
                        }
                        kernels.matmul(products, x, tokens);
                        for (int i = 0; i < layouts.size(); i++) {
                            float[] alone = new float[products.output(i).length];
                            kernels.matmul(products.weight(i), x, tokens, alone);
                            assertArrayEquals(alone, products.output(i), 0, layouts.get(i) + " " + tokens);
                        }
                    }
                }
            }
        }
    }

    @Test
    void threadsChangeNoBit() {
        NativeMachine.isas();
        for (Layout layout : List.of(new Int4(32), new Int8(96))) {
            RandomMatrix m = RandomMatrix.of(layout, 1333, 420, 12);
            Matrix w = new Matrix(layout, m.rows(), m.cols(), m.parts());
            float[] x = activations(33, m.cols());
            try (Kernels one = Kernels.create(Backend.NATIVE, 0, 1);
                    Kernels five = Kernels.create(Backend.NATIVE, 0, 5)) {
                for (int tokens : TOKENS) {
                    float[] expected = new float[tokens * m.rows()];
                    float[] y = new float[tokens * m.rows()];
                    one.matmul(w, x, tokens, expected);
                    five.matmul(w, x, tokens, y);
                    assertArrayEquals(expected, y, 0);
                }
            }
        }
    }

    /** The JVM counts memory of automatic arenas as direct buffers. */
    @Test
    void steadyProductsAllocateNothing() {
        NativeMachine.isas();
        BufferPoolMXBean direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .findFirst()
                .orElseThrow();
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        RandomMatrix m = RandomMatrix.of(new Int4(32), 40, 4096, 6);
        Matrix w = new Matrix(m.layout(), m.rows(), m.cols(), m.parts());
        float[] y = new float[10 * m.rows()];
        float[] x = activations(10, m.cols());
        try (Kernels kernels = Kernels.create(Backend.NATIVE, 0, 1)) {
            for (int tokens : new int[] {10, 7, 1}) {
                kernels.matmul(w, x, tokens, y);
                int products = 500;
                long buffers = direct.getCount();
                long bytes = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < products; i++) {
                    kernels.matmul(w, x, tokens, y);
                }
                long each = (threads.getCurrentThreadAllocatedBytes() - bytes) / products;
                // Others may allocate now and then; a buffer for every product would make 500.
                long made = direct.getCount() - buffers;
                assertTrue(made < 50, made + " buffers, tokens " + tokens);
                // Compiled code makes no objects, interpreted code some small ones.
                assertTrue(tokens > 1 || each < 4096, each + " bytes per product");
            }
        }
    }

    @Test
    void nothingBehindTheWeightsIsRead() throws Exception {
        NativeMachine.isas();
        List<String> jvm =
                List.of("--enable-native-access=ALL-UNNAMED", "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=/dev/null");
        String main = "ingot.runtime.kernel.nativecode.GuardedWeights";
        Outcome o = ChildCommand.runMain(main, jvm);
        assertEquals(0, o.exit(), o.out() + o.err());
        assertTrue(o.out().contains(" products"), o.out());
        Outcome behind = ChildCommand.runMain(main, jvm, "read");
        assertTrue(behind.exit() != 0, "the guard can be read");
    }
}
