package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.Consumer;

/** The generated functions for what is around the products, in 512 bits. */
final class BlockCode {
    /**
     * Three pointers and five integers ({@link BlockCall}); what a function lacks is 0. Critical: pointers may be Java arrays,
     * which stay where they are because the collector waits. So calls are short, some tens of microseconds at most.
     */
    private static final MethodHandle CALL = Linker.nativeLinker()
            .downcallHandle(
                    FunctionDescriptor.of(
                            JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG),
                    Linker.Option.critical(true));

    final MemorySegment add;
    final MemorySegment axpy;
    final MemorySegment dot;
    final MemorySegment rmsNorm;
    final MemorySegment softmax;
    final MemorySegment siluMul;
    final MemorySegment sigmoidMul;
    final MemorySegment rotate;
    final MemorySegment accumulate;
    final MemorySegment tile;
    final MemorySegment weigh;
    final MemorySegment halves;
    final MemorySegment columns;
    final MemorySegment rows;

    BlockCode() throws ExecutableMemory.Refused {
        Assembler a = new Assembler();
        int addAt = at(a, AddCode::emit);
        int axpyAt = at(a, AddCode::emitScaled);
        int dotAt = at(a, DotCode::emit);
        int rmsNormAt = at(a, RmsNormCode::emit);
        int softmaxAt = at(a, SoftmaxCode::emit);
        int siluAt = at(a, GatedCode::emitSilu);
        int sigmoidAt = at(a, GatedCode::emitSigmoid);
        int rotateAt = at(a, RotateCode::emit);
        int accumulateAt = at(a, RowsCode::emit);
        int tileAt = at(a, TileCode::emit);
        int weighAt = at(a, SoftmaxCode::emitWeights);
        int halvesAt = at(a, WidenCode::emitHalves);
        int columnsAt = at(a, WidenCode::emitColumns);
        int rowsAt = at(a, WidenCode::emitRows);
        MemorySegment image = ExecutableMemory.install(a.bytes());
        add = image.asSlice(addAt);
        axpy = image.asSlice(axpyAt);
        dot = image.asSlice(dotAt);
        rmsNorm = image.asSlice(rmsNormAt);
        softmax = image.asSlice(softmaxAt);
        siluMul = image.asSlice(siluAt);
        sigmoidMul = image.asSlice(sigmoidAt);
        rotate = image.asSlice(rotateAt);
        accumulate = image.asSlice(accumulateAt);
        tile = image.asSlice(tileAt);
        weigh = image.asSlice(weighAt);
        halves = image.asSlice(halvesAt);
        columns = image.asSlice(columnsAt);
        rows = image.asSlice(rowsAt);
    }

    /** Calls a function of the form of {@link BlockCall}, here or of {@link NativeCode}. */
    static long call(
            MemorySegment function,
            MemorySegment p0,
            MemorySegment p1,
            MemorySegment p2,
            long i0,
            long i1,
            long i2,
            long i3,
            long i4) {
        try {
            return (long) CALL.invokeExact(function, p0, p1, p2, i0, i1, i2, i3, i4);
        } catch (Throwable e) {
            throw ExecutableMemory.failed(e);
        }
    }

    private static int at(Assembler a, Consumer<Assembler> function) {
        int at = a.entry();
        function.accept(a);
        return at;
    }
}
