package ingot.tests.kernel;

import ingot.runtime.kernel.nativecode.Isa;
import ingot.runtime.kernel.nativecode.NativeSupport;
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

    private static List<Isa> skip(String why) {
        return Assumptions.abort("NOT TESTED HERE, generated code cannot run: " + why);
    }
}
