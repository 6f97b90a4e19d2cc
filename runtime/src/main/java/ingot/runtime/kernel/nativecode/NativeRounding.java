package ingot.runtime.kernel.nativecode;

import ingot.formats.DType;
import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Part;
import ingot.runtime.kernel.GroupRounding;
import ingot.runtime.kernel.PairSums;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@link RoundCode}, callable. */
public final class NativeRounding implements GroupRounding {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment code;
    private final RoundCall call;
    private final long weightBytes;
    private final long codeBytes;
    private final long scaleBytes;

    /** A function's source and target. */
    private record Kind(DType type, IntegerGrid grid) {}

    /** Generated when the first matrix asks for it, for as long as the process lives. */
    private static final class Generated {
        private static final Map<Kind, MemorySegment> CODE = generate();

        private Generated() {}

        private static Map<Kind, MemorySegment> generate() {
            if (!Encoding.EVEX_512.available()) {
                return Map.of();
            }
            Assembler a = new Assembler();
            Map<Kind, Integer> entries = new HashMap<>();
            for (DType type : List.of(DType.BF16, DType.F16, DType.F32)) {
                for (Grouped layout : List.of(
                        new Int8(RoundCall.UNIT),
                        new Int4(RoundCall.UNIT),
                        new IntN(6, RoundCall.UNIT),
                        new IntN(5, RoundCall.UNIT),
                        new IntN(3, RoundCall.UNIT))) {
                    IntegerGrid grid = IntegerGrid.of(layout);
                    entries.put(new Kind(type, grid), a.entry());
                    RoundCode.emit(a, type, grid);
                }
            }
            Map<Kind, MemorySegment> code = new HashMap<>();
            try {
                MemorySegment image = ExecutableMemory.install(a.bytes());
                entries.forEach((kind, at) -> code.put(kind, image.asSlice(at)));
            } catch (ExecutableMemory.Refused e) {
                // Java does it.
            }
            return code;
        }
    }

    private NativeRounding(MemorySegment code, Grouped layout, DType type, Blocks block) {
        this.code = code;
        this.call = new RoundCall(arena, layout.bits(), block.group(), block.groups());
        this.weightBytes = (long) Blocks.ROWS * block.cols() * type.bytes();
        List<Part> parts = layout.parts(Blocks.ROWS, block.cols());
        this.codeBytes = parts.getFirst().bytes();
        this.scaleBytes = parts.getLast().bytes();
    }

    /** {@link GroupRounding#generated}: where groups are whole and can be read. */
    public static Optional<GroupRounding> of(Grouped layout, DType type, int cols) {
        Blocks block = layout.blocks(Blocks.ROWS, cols);
        if (layout instanceof Iq4 || cols != block.paddedCols()) {
            return Optional.empty();
        }
        return Optional.ofNullable(Generated.CODE.get(new Kind(type, IntegerGrid.of(layout))))
                .map(code -> new NativeRounding(code, layout, type, block));
    }

    @Override
    public Optional<PairSums> block(MemorySegment weights, MemorySegment codes, MemorySegment scales, PairSums sums) {
        require(weights, weightBytes);
        require(codes, codeBytes);
        require(scales, scaleBytes);
        call.block(weights, codes, scales, sums);
        ExecutableMemory.Integers.call(code, call.address(), 0, 0);
        return call.normal() ? Optional.of(call.sums()) : Optional.empty();
    }

    private static void require(MemorySegment memory, long bytes) {
        if (!memory.isNative() || memory.byteSize() != bytes) {
            throw new IllegalArgumentException(memory + "; expected " + bytes + " bytes of native memory");
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
