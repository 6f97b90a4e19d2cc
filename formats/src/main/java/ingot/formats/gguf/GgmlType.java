package ingot.formats.gguf;

import ingot.formats.DType;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tensor types of a GGUF file that Ingot reads, with the numbers and names of {@code enum ggml_type} (ggml.h). */
public enum GgmlType {
    F32(0, DType.F32),
    F16(1, DType.F16),
    Q4_0(2, new Q4_0()),
    Q4_1(3, new Q4_1()),
    Q5_0(6, new Q5_0()),
    Q5_1(7, new Q5_1()),
    Q8_0(8, new Q8_0()),
    Q2_K(10, new Q2_K()),
    Q3_K(11, new Q3_K()),
    Q4_K(12, new Q4_K()),
    Q5_K(13, new Q5_K()),
    Q6_K(14, new Q6_K()),
    IQ4_NL(20, new IQ4_NL()),
    IQ4_XS(23, new IQ4_XS()),
    F64(28, DType.F64),
    BF16(30, DType.BF16),
    MXFP4(39, new MXFP4());

    private final int id;
    private final @Nullable BlockType block;
    private final DType presented;

    GgmlType(int id, DType dense) {
        this.id = id;
        this.block = null;
        this.presented = dense;
    }

    GgmlType(int id, BlockType block) {
        this.id = id;
        this.block = block;
        this.presented = DType.F32;
    }

    /** The number in a tensor's entry. */
    public int id() {
        return id;
    }

    /** Weights that are stored together: 1, 32 or 256; rows are whole blocks. */
    public int blockWeights() {
        return block == null ? 1 : block.weights();
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return block == null ? presented.bytes() : block.bytes();
    }

    /** The type a reader sees: the stored one, or F32 for weights in blocks. */
    public DType presented() {
        return presented;
    }

    /** Bounds of q in blocks with w = q · scale, one scale each. */
    public record Integers(int low, int high) {}

    /** Which integers a block of this type holds beside its one scale; empty for every other type. */
    public Optional<Integers> integers() {
        return block instanceof IntegerBlock simple ? Optional.of(simple.bounds()) : Optional.empty();
    }

    /** How a block is read; empty for plain numbers. */
    public Optional<BlockType> block() {
        return Optional.ofNullable(block);
    }

    /** How a block is written; empty for plain numbers and for types that are only read. */
    public Optional<PackedBlock> packed() {
        return block instanceof PackedBlock packed ? Optional.of(packed) : Optional.empty();
    }

    /** Bytes of {@code weights} weights, which are whole blocks. */
    public long bytes(long weights) {
        return Math.multiplyExact(weights / blockWeights(), (long) blockBytes());
    }

    static Optional<GgmlType> byId(int id) {
        return Stream.of(values()).filter(t -> t.id == id).findFirst();
    }

    /** For messages. */
    static String supported() {
        return Stream.of(values()).map(GgmlType::name).collect(Collectors.joining(", "));
    }

    /** The name of a type that exists but is not read here; for messages. */
    static String describe(int id) {
        String name = switch (id) {
            case 4 -> "Q4_2 (removed)";
            case 5 -> "Q4_3 (removed)";
            case 9 -> "Q8_1";
            case 15 -> "Q8_K";
            case 16 -> "IQ2_XXS";
            case 17 -> "IQ2_XS";
            case 18 -> "IQ3_XXS";
            case 19 -> "IQ1_S";
            case 21 -> "IQ3_S";
            case 22 -> "IQ2_S";
            case 24 -> "I8";
            case 25 -> "I16";
            case 26 -> "I32";
            case 27 -> "I64";
            case 29 -> "IQ1_M";
            case 34 -> "TQ1_0";
            case 35 -> "TQ2_0";
            case 40 -> "NVFP4";
            default -> "unknown";
        };
        return Integer.toUnsignedString(id) + " (" + name + ")";
    }
}
