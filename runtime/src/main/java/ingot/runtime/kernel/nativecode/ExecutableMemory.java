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

    /** The functions of the C library; looked up when the first code is installed. */
    private static final class Libc {
        private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
        private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
        private static final MethodHandle MMAP =
                function("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
        private static final MethodHandle MPROTECT =
                function("mprotect", FunctionDescriptor.of(INT, LONG, LONG, INT));
        private static final MethodHandle MUNMAP = function("munmap", FunctionDescriptor.of(INT, LONG, LONG));

        private static MethodHandle function(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
        }
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
        long address = map(bytes);
        MemorySegment memory = MemorySegment.ofAddress(address)
                .reinterpret(bytes, Arena.ofAuto(), freed -> unmap(freed.address(), bytes));
        MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
        if (protect(address, bytes) != 0) {
            throw new Refused("the system refuses to make memory executable");
        }
        return memory;
    }

    private static long map(long bytes) throws Refused {
        long address;
        try {
            address = (long) Libc.MMAP.invokeExact(0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (address == -1) {
            throw new Refused("the system gives no memory for code");
        }
        return address;
    }

    private static int protect(long address, long bytes) {
        try {
            return (int) Libc.MPROTECT.invokeExact(address, bytes, READ_EXECUTE);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void unmap(long address, long bytes) {
        try {
            int ignored = (int) Libc.MUNMAP.invokeExact(address, bytes);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
