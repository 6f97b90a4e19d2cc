package ingot.tests.kernel;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.WorkerPool;
import ingot.runtime.kernel.nativecode.ActivationBits;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.runtime.kernel.nativecode.NativeKernels;
import ingot.runtime.kernel.nativecode.NativeSupport;
import ingot.runtime.kernel.vector.VectorKernels;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** What tests of generated code need. */
public final class NativeMachine {
    private NativeMachine() {}

    /** Every instruction set that this machine has, at least one; where there is none, the test is skipped and says why. */
    public static List<Isa> isas() {
        return switch (NativeSupport.probe()) {
            case NativeSupport.Ready(List<Isa> isas) -> isas;
            case NativeSupport.Missing(String why) -> skip(why);
            case NativeSupport.Forbidden(String why) -> skip(why);
        };
    }

    /** The kernels of an instruction set, and vectors for the rest. */
    public static Kernels kernels(Isa isa, ActivationBits bits, int threads) {
        WorkerPool pool = new WorkerPool(threads);
        return NativeKernels.generate(isa, bits, pool, () -> new VectorKernels(0, pool));
    }

    private static List<Isa> skip(String why) {
        return Assumptions.abort("NOT TESTED HERE, generated code cannot run: " + why);
    }
}
