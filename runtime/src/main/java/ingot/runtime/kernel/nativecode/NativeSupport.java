package ingot.runtime.kernel.nativecode;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Whether machine code can be generated and run here. */
public sealed interface NativeSupport {
    /** It can; the instruction sets that the processor has, the best first, at least one. */
    record Ready(List<Isa> isas) implements NativeSupport {
        public Ready {
            isas = List.copyOf(isas);
        }
    }

    /** It cannot: the system or the processor is another one. */
    record Missing(String why) implements NativeSupport {}

    /** It could, but this JVM or the system does not allow it. */
    record Forbidden(String why) implements NativeSupport {}

    /** The line for people. */
    static String refusal(String why) {
        return "no native backend: " + why;
    }

    /** Looks, by running a little code. */
    static NativeSupport probe() {
        String system = System.getProperty("os.name", "");
        String processor = System.getProperty("os.arch", "");
        if (!system.equals("Linux") || !processor.equals("amd64")) {
            return new Missing(
                    "it is for Linux on x86-64, this is " + system + " on " + processor.toLowerCase(Locale.ROOT));
        }
        Module self = NativeSupport.class.getModule();
        if (!self.isNativeAccessEnabled()) {
            return new Forbidden(
                    "the JVM needs --enable-native-access=" + (self.isNamed() ? self.getName() : "ALL-UNNAMED"));
        }
        try {
            CpuFeatures cpu = CpuFeatures.detect();
            List<Isa> isas =
                    Arrays.stream(Isa.values()).filter(isa -> isa.on(cpu)).toList();
            return isas.isEmpty() ? new Missing("the processor lacks AVX2") : new Ready(isas);
        } catch (ExecutableMemory.Refused e) {
            return new Forbidden(String.valueOf(e.getMessage()));
        } catch (LinkageError | UnsupportedOperationException | IllegalCallerException e) {
            return new Missing("this JVM calls no machine code: " + e);
        }
    }
}
