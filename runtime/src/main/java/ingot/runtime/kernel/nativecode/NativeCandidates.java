package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import ingot.runtime.kernel.ScaleCandidates;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import java.util.Optional;

/** {@link CandidateCode}, callable. */
public final class NativeCandidates implements ScaleCandidates {
    private final MemorySegment code;

    private NativeCandidates(MemorySegment code) {
        this.code = code;
    }

    /** Generated when it is asked for first, for as long as the process lives. */
    private static final class Generated {
        private static final Optional<ScaleCandidates> CODE = generate();

        private Generated() {}

        private static Optional<ScaleCandidates> generate() {
            if (!Encoding.EVEX_512.available()) {
                return Optional.empty();
            }
            Assembler a = new Assembler();
            CandidateCode.emit(a);
            try {
                return Optional.of(new NativeCandidates(ExecutableMemory.install(a.bytes())));
            } catch (ExecutableMemory.Refused e) {
                return Optional.empty();
            }
        }
    }

    /** Calls with arrays: they stay where they are for the half microsecond. */
    private static final class Call {
        private static final MethodHandle SUMS = Linker.nativeLinker()
                .downcallHandle(
                        FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG), Linker.Option.critical(true));

        private Call() {}
    }

    /** {@link ScaleCandidates#generated}. */
    public static Optional<ScaleCandidates> get() {
        return Generated.CODE;
    }

    @Override
    public void sums(float[] x, float[] h, int from, int n, float[] table) {
        Objects.checkFromIndexSize(from, n, x.length);
        Objects.checkFromIndexSize(from, n, h.length);
        Objects.checkFromIndexSize(0, TABLE, table.length);
        if (n == 0) {
            throw new IllegalArgumentException("no weights");
        }
        long begin = (long) from * Float.BYTES;
        try {
            Call.SUMS.invokeExact(
                    code,
                    MemorySegment.ofArray(x).asSlice(begin),
                    MemorySegment.ofArray(h).asSlice(begin),
                    MemorySegment.ofArray(table),
                    (long) n);
        } catch (Throwable e) {
            throw ExecutableMemory.failed(e);
        }
    }
}
