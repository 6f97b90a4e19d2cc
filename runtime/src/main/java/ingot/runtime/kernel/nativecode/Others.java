package ingot.runtime.kernel.nativecode;

import ingot.runtime.kernel.Kernels;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The backend that does what has no generated code: made when it is first needed, as many models never need it. */
final class Others {
    private final Supplier<Kernels> make;
    private volatile @Nullable Kernels made;

    Others(Supplier<Kernels> make) {
        this.make = make;
    }

    Kernels get() {
        Kernels there = made;
        return there != null ? there : makeOnce();
    }

    private synchronized Kernels makeOnce() {
        Kernels there = made;
        if (there == null) {
            there = make.get();
            made = there;
        }
        return there;
    }
}
