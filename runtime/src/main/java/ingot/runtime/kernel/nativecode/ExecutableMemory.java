package ingot.runtime.kernel.nativecode;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Pages with machine code. They are written first and made executable then; never both. They live as long as the segment
 * is reachable, so that no call in flight can lose its code.
 */
final class ExecutableMemory {
    private static final int PAGE = 4096;
    private static final int READ_WRITE = 1 | 2;
    private static final int READ_EXECUTE = 1 | 4;
    private static final int PRIVATE_ANONYMOUS = 2 | 0x20;

    private ExecutableMemory() {}

    /**
     * Functions of up to six integers, which all travel in registers: one signature serves all of them, and the linker takes
     * some 15 ms for each.
     */
    static final class Integers {
        private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
        private static final MethodHandle CALL =
                Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG));

        private Integers() {}

        static long call(MemorySegment function, long a, long b, long c) {
            return call(function, a, b, c, 0, 0, 0);
        }

        private static long call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
            try {
                return (long) CALL.invokeExact(function, a, b, c, d, e, f);
            } catch (Throwable t) {
                throw failed(t);
            }
        }
    }

    /**
     * What a call through a handle threw, to be thrown on. The code itself throws nothing: it is the JVM (memory of a closed
     * arena, no memory for the call).
     */
    static RuntimeException failed(Throwable t) {
        return switch (t) {
            case Error e -> throw e;
            case RuntimeException e -> e;
            default -> new IllegalStateException(t);
        };
    }

    private static MemorySegment function(String name) throws Refused {
        return Linker.nativeLinker()
                .defaultLookup()
                .find(name)
                .orElseThrow(() -> new Refused("the C library has no " + name));
    }

    /** Why there is no executable memory; the message is a sentence's end: "the system refuses …". */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String why) {
            super(why);
        }
    }

    /** Copies the code to memory of its own and makes that executable. */
    static MemorySegment install(byte[] code) throws Refused {
        long bytes = Math.ceilDiv(code.length, PAGE) * (long) PAGE;
        MemorySegment unmap = function("munmap");
        long address = map(bytes);
        MemorySegment memory = MemorySegment.ofAddress(address)
                .reinterpret(bytes, Arena.ofAuto(), freed -> Integers.call(unmap, freed.address(), bytes, 0));
        MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
        if (protect(address, bytes) != 0) {
            throw new Refused("the system refuses to make memory executable");
        }
        return memory;
    }

    private static long map(long bytes) throws Refused {
        long address = Integers.call(function("mmap"), 0, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
        if (address == -1) {
            throw new Refused("the system gives no memory for code");
        }
        return address;
    }

    /** The function returns an int: the upper half of the register means nothing. */
    private static int protect(long address, long bytes) throws Refused {
        return (int) Integers.call(function("mprotect"), address, bytes, READ_EXECUTE);
    }
}
