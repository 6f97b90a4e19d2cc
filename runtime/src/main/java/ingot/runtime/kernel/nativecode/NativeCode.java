package ingot.runtime.kernel.nativecode;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import ingot.formats.DType;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The generated functions of one instruction set, callable. The handles are constants and take the address of the code as
 * their first argument, so that the compiler sees through them; a call costs some 10 ns.
 */
final class NativeCode {
    private static final MethodHandle MATVEC = Linker.nativeLinker()
            .downcallHandle(FunctionDescriptor.ofVoid(
                    ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private final Isa isa;
    private final ActivationBits bits;
    private final Optional<BlockCode> block;
    private final MemorySegment quantize;
    private final MemorySegment gemm;
    private final MemorySegment spread;
    private final TypeCode int3;
    private final TypeCode int4;
    private final TypeCode int5;
    private final TypeCode int6;
    private final TypeCode int8;
    private final TypeCode iq4;
    private final MemorySegment nf4;
    private final Map<DType, MemorySegment> dense = new EnumMap<>(DType.class);
    private final MemorySegment nf4Table = Arena.ofAuto().allocateFrom(JAVA_FLOAT, Nf4.values());

    /** The functions of one type of codes. */
    record TypeCode(ByteCodes codes, MemorySegment matvec, MemorySegment expand) {}

    /** Generates all of them; {@link ExecutableMemory.Refused} where they cannot be run. */
    NativeCode(Isa isa, ActivationBits bits) throws ExecutableMemory.Refused {
        this.isa = isa;
        this.bits = bits;
        Assembler a = new Assembler(isa.encoding());
        Entries e3 = emit(a, new ByteCodes.Planes(3));
        Entries e4 = emit(a, new ByteCodes.Nibbles());
        Entries e5 = emit(a, new ByteCodes.Planes(5));
        Entries e6 = emit(a, new ByteCodes.Planes(6));
        Entries e8 = emit(a, new ByteCodes.Bytes());
        Entries eTable = emit(a, new ByteCodes.TableNibbles());
        int one = a.entry();
        if (wide()) {
            QuantizeCode.emit(a, isa.form(), bits);
        }
        int product = a.entry();
        if (manyTokens()) {
            GemmCode.emit(a, bits);
        }
        int outputs = a.entry();
        if (manyTokens()) {
            SpreadCode.emit(a);
        }
        int table = a.entry();
        if (wide()) {
            TableMatVecCode.emit(a);
        }
        Map<DType, Integer> rows = new EnumMap<>(DType.class);
        if (wide()) {
            for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
                rows.put(type, a.entry());
                DenseMatVecCode.emit(a, type);
            }
        }
        block = wide() ? Optional.of(new BlockCode()) : Optional.empty();
        MemorySegment image = ExecutableMemory.install(a.bytes());
        quantize = image.asSlice(one);
        gemm = image.asSlice(product);
        spread = image.asSlice(outputs);
        int3 = e3.in(image);
        int4 = e4.in(image);
        int5 = e5.in(image);
        int6 = e6.in(image);
        int8 = e8.in(image);
        iq4 = eTable.in(image);
        nf4 = image.asSlice(table);
        rows.forEach((type, at) -> dense.put(type, image.asSlice(at)));
    }

    /** Whether everything there is for 512 bits is there. */
    private boolean wide() {
        return isa.encoding() == Encoding.EVEX_512;
    }

    private record Entries(ByteCodes codes, int matvec, int expand) {
        TypeCode in(MemorySegment image) {
            return new TypeCode(codes, image.asSlice(matvec), image.asSlice(expand));
        }
    }

    private Entries emit(Assembler a, ByteCodes codes) {
        int matvec = a.entry();
        MatVecCode.emit(a, codes, isa);
        int expand = a.entry();
        if (manyTokens()) {
            ExpandCode.emit(a, codes);
        }
        return new Entries(codes, matvec, expand);
    }

    /** What is around the products, where it is generated. */
    Optional<BlockCode> block() {
        return block;
    }

    Isa isa() {
        return isa;
    }

    ActivationBits bits() {
        return bits;
    }

    /**
     * Whether products with several tokens are worth while: three multiplications of bytes for one of f32 pay where the
     * processor sums four of them at a time.
     */
    boolean manyTokens() {
        return isa == Isa.AVX512_VNNI;
    }

    /** Whether there is a kernel for one token. */
    boolean oneToken(Layout layout) {
        return switch (layout) {
            case Grouped g -> true;
            case Nf4 nf4 -> wide() && !nf4.doubleQuant();
            case Dense d -> dense.containsKey(d.type());
        };
    }

    TypeCode type(Grouped layout) {
        return switch (layout) {
            case Int8 i -> int8;
            case Int4 i -> int4;
            case Iq4 i -> iq4;
            case IntN(int bits, int group) ->
                switch (bits) {
                    case 3 -> int3;
                    case 5 -> int5;
                    default -> int6;
                };
        };
    }

    /** {@link DenseMatVecCode}. */
    MemorySegment dense(DType type) {
        return Objects.requireNonNull(dense.get(type), () -> "no code for dense weights of type " + type.label());
    }

    /** {@link TableMatVecCode}. */
    MemorySegment nf4() {
        return nf4;
    }

    /** The 16 values of nf4; reachable as long as this is. */
    MemorySegment nf4Table() {
        return nf4Table;
    }

    /**
     * {@link QuantizeCode}.
     *
     * @param stride bytes from record to record
     */
    void quantize(MemorySegment x, MemorySegment records, int units, int stride) {
        if (!wide()) {
            new Rounding(isa.form(), bits.largest()).round(x, records, units, stride);
            return;
        }
        BlockCode.call(quantize, x, records, MemorySegment.NULL, units, stride, 0L, 0L, 0L);
    }

    /** What {@link MatVecCode} is called with for every run of blocks of a product; reused, so that calls allocate nothing. */
    static final class Operands {
        MemorySegment entry = MemorySegment.NULL;
        MemorySegment codes = MemorySegment.NULL;
        MemorySegment scales = MemorySegment.NULL;
        MemorySegment records = MemorySegment.NULL;
        MemorySegment out = MemorySegment.NULL;

        /** Groups of a row, or its columns where there are no groups. */
        int groups;

        /** Units per group, or the address of the table, or nothing. */
        long last;
    }

    /** {@link MatVecCode}, {@link TableMatVecCode} or {@link DenseMatVecCode} for {@code blocks} blocks from {@code block} on. */
    static void matvec(Operands on, int block, int blocks) {
        try {
            MATVEC.invokeExact(
                    on.entry,
                    on.codes,
                    on.scales,
                    on.records,
                    on.out,
                    (long) block,
                    (long) blocks,
                    (long) on.groups,
                    on.last);
        } catch (Throwable e) {
            throw ExecutableMemory.failed(e);
        }
    }

    /** A run of units inside a block's codes. */
    record Run(long codesAt, long scalesAt, int units, int leftInGroup, int unitsPerGroup) {}

    /** {@link ExpandCode}. */
    static void expand(TypeCode type, MemorySegment codes, MemorySegment scales, MemorySegment panel, Run run) {
        BlockCode.call(
                type.expand,
                codes,
                scales,
                panel,
                run.codesAt,
                run.scalesAt,
                run.units,
                run.leftInGroup,
                run.unitsPerGroup);
    }

    /**
     * {@link GemmCode}.
     *
     * @param unit the panel's first unit, of all units of the tiles' records; where it is the first of all, the sums begin
     */
    void gemm(MemorySegment panel, Tiles on, int unit, int units) {
        long recordsAt = (long) unit * GemmCode.TILE_UNIT_BYTES;
        long onto = unit == 0 ? 0 : -1;
        BlockCode.call(gemm, panel, on.records, on.sums, units, on.count, on.bytes, recordsAt, onto);
    }

    /** {@link SpreadCode}: the first {@code n} sums of every token to {@code y} from {@code at} on. */
    void spread(MemorySegment sums, MemorySegment y, int at, int tokens, int stride, int n) {
        BlockCode.call(spread, sums, y, MemorySegment.NULL, at, tokens, stride, n, 0L);
    }

    /**
     * Tokens of a product.
     *
     * @param count tiles
     * @param bytes of a tile's records
     */
    record Tiles(MemorySegment records, MemorySegment sums, int count, long bytes) {}
}
