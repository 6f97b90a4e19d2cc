package ingot.quant;

import ingot.formats.DType;
import ingot.formats.TensorInfo;
import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.Grouped;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.StoredCodes;
import ingot.formats.gguf.GgmlType;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.quantized.Bnb4Matrix;
import ingot.formats.quantized.CarriedCodes;
import ingot.formats.quantized.IntegerMatrix;
import ingot.formats.quantized.Packed;
import ingot.quant.folder.NormalCodes;
import ingot.quant.grid.RoundedNormals;
import ingot.quant.scheme.IntegerCodes;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the weights of a source are stored as, in the words of our layouts, and the codes behind them. */
final class SourceCodes {
    private SourceCodes() {}

    /** The layout of ours that holds a weight as it is; empty where there is none. */
    static Optional<Layout> natural(Source source, WeightSpec weight) {
        Optional<Packed> packed = source.packed(weight);
        if (packed.isPresent()) {
            return packed.flatMap(Packed::natural);
        }
        return switch (source) {
            case EquivalentSource made ->
                made.model().changes(weight) ? Optional.empty() : natural(made.source(), weight);
            case IngotSource ingot -> Optional.of(stored(ingot, weight).layout());
            case FolderSource folder -> dense(folder.binding().get(weight));
            case GgufSource gguf -> dense(tensor(gguf, weight));
        };
    }

    /** Bits per weight, scales included, with which the source stores it. */
    static double bits(Source source, WeightSpec weight) {
        double weights = weight.shape().count();
        return source.packed(weight)
                .map(p -> 8 * p.codes().bytes() / weights)
                .or(() -> natural(source, weight)
                        .map(layout -> 8
                                * layout.bytes(
                                        weight.shape().rows(), weight.shape().cols())
                                / weights))
                .orElse((double) Float.SIZE);
    }

    /** The type a weight has in the GGUF file it comes from, if it does and Ingot writes blocks of this type. */
    static Optional<GgmlType> ggufType(Source source, WeightSpec weight) {
        return source instanceof GgufSource gguf
                ? Optional.of(gguf.model().storedType(tensor(gguf, weight)))
                        .filter(type -> type.packed().isPresent())
                : Optional.empty();
    }

    /** Bytes of a weight as the GGUF file it comes from has them. */
    static void readStored(Source source, WeightSpec weight, long offset, MemorySegment destination) {
        if (!(source instanceof GgufSource gguf)) {
            throw new IllegalArgumentException(weight.name() + " does not come from a GGUF file");
        }
        gguf.model().readStored(tensor(gguf, weight), offset, destination);
    }

    private static Optional<Layout> dense(@Nullable TensorInfo tensor) {
        boolean kept = tensor != null && (tensor.dtype() == DType.F16 || tensor.dtype() == DType.BF16);
        return Optional.of(new Dense(tensor != null && kept ? tensor.dtype() : DType.F32));
    }

    private static TensorInfo tensor(GgufSource source, WeightSpec weight) {
        TensorInfo tensor = source.binding().get(weight);
        if (tensor == null) {
            throw new IllegalArgumentException(weight.name() + " is not part of this model");
        }
        return tensor;
    }

    private static StoredTensor stored(IngotSource source, WeightSpec weight) {
        return source.file().tensor(weight.name()).orElseThrow();
    }

    /** The codes of a weight that is stored as integers with f16 scales. */
    static Optional<IntegerCodes> integers(Source source, WeightSpec weight) {
        Optional<Grouped> natural =
                natural(source, weight).filter(Grouped.class::isInstance).map(Grouped.class::cast);
        return natural.flatMap(layout -> source instanceof IngotSource ingot
                ? Optional.of(ofIngot(ingot, weight))
                : source.packed(weight).flatMap(p -> ofPacked(p, layout)));
    }

    /** Whether {@link #integers} finds codes; does not read them. */
    static boolean hasIntegers(Source source, WeightSpec weight) {
        Optional<Layout> natural = natural(source, weight);
        if (natural.isEmpty() || !(natural.get() instanceof Grouped layout)) {
            return false;
        }
        return source instanceof IngotSource
                || source.packed(weight)
                        .filter(p -> p instanceof IntegerMatrix matrix && CarriedCodes.holds(matrix, layout))
                        .isPresent();
    }

    private static IntegerCodes ofIngot(IngotSource source, WeightSpec weight) {
        StoredTensor tensor = stored(source, weight);
        tensor.parts().forEach(source.file()::verify);
        List<MemorySegment> parts = source.file().parts(tensor, source.mapping());
        if (!(tensor.layout() instanceof Grouped layout)) {
            throw new IllegalStateException(weight.name() + " holds no integers");
        }
        Blocks blocks = layout.blocks(weight.shape().rows(), weight.cols());
        return new Codes(
                blocks,
                bits(layout),
                run -> (codes, scales) -> StoredCodes.integers(layout, blocks, parts, run, codes, scales));
    }

    private static Optional<IntegerCodes> ofPacked(Packed packed, Grouped layout) {
        if (!(packed instanceof IntegerMatrix matrix) || !CarriedCodes.holds(matrix, layout)) {
            return Optional.empty();
        }
        Blocks blocks = layout.blocks(matrix.rows(), matrix.cols());
        int[] groups = CarriedCodes.sourceGroups(matrix, layout);
        return Optional.of(new Codes(blocks, bits(layout), run -> (codes, scales) -> {
            int[] wide = new int[Math.multiplyExact(run.n(), matrix.cols())];
            float[] factors = new float[Math.multiplyExact(run.n(), matrix.groups())];
            matrix.codes(run.first(), run.n(), wide);
            matrix.scales(run.first(), run.n(), factors);
            for (int i = 0; i < wide.length; i++) {
                codes[i] = (byte) wide[i];
            }
            for (int i = 0; i < run.n() * groups.length; i++) {
                float scale = factors[i / groups.length * matrix.groups() + groups[i % groups.length]];
                scales[i] = Float.floatToFloat16(scale);
            }
        }));
    }

    /** The codes of a weight that is stored as NF4 with scales of the kind asked for. */
    static Optional<NormalCodes> normals(Source source, WeightSpec weight, boolean nested) {
        if (weight.cols() % Nf4.GROUP != 0 || !natural(source, weight).equals(Optional.of(new Nf4(nested)))) {
            return Optional.empty();
        }
        return switch (source) {
            case EquivalentSource made ->
                made.model().changes(weight) ? Optional.empty() : normals(made.source(), weight, nested);
            case IngotSource ingot -> Optional.of(normalsOfIngot(ingot, weight, nested));
            case FolderSource folder ->
                folder.packed(weight)
                        .flatMap(p -> p instanceof Bnb4Matrix matrix && matrix.holds(new Nf4(nested))
                                ? Optional.of(normalsOf(matrix, nested))
                                : Optional.empty());
            case GgufSource none -> Optional.empty();
        };
    }

    private static NormalCodes normalsOfIngot(IngotSource source, WeightSpec weight, boolean nested) {
        StoredTensor tensor = stored(source, weight);
        tensor.parts().forEach(source.file()::verify);
        List<MemorySegment> parts = source.file().parts(tensor, source.mapping());
        Blocks blocks = Blocks.of(weight.shape().rows(), weight.cols(), Nf4.GROUP);
        return new Normals(
                blocks,
                run -> codes -> StoredCodes.normals(blocks, parts.getFirst(), run, codes),
                () -> nested
                        ? new NormalCodes.Nested(StoredCodes.nested(blocks, parts))
                        : new NormalCodes.Plain(StoredCodes.absmax(blocks, parts.get(1))));
    }

    private static NormalCodes normalsOf(Bnb4Matrix matrix, boolean nested) {
        Blocks blocks = Blocks.of(matrix.rows(), matrix.cols(), Nf4.GROUP);
        int scales = Math.toIntExact(Math.multiplyExact(blocks.rows(), (long) blocks.groups()));
        return new Normals(
                blocks,
                run -> codes -> matrix.codes(run.first(), run.n(), codes),
                () -> nested
                        ? new NormalCodes.Nested(matrix.nested().orElseThrow())
                        : new NormalCodes.Plain(matrix.absmax(0, scales)));
    }

    /** Rounded codes as codes to be stored. */
    static NormalCodes of(RoundedNormals rounded, WeightSpec weight, boolean nested) {
        Blocks blocks = Blocks.of(weight.shape().rows(), weight.cols(), Nf4.GROUP);
        return new Normals(
                blocks,
                run -> codes -> rounded.read(run.first(), run.n(), codes),
                () -> nested
                        ? new NormalCodes.Nested(DoubleQuantized.of(rounded.absmax()))
                        : new NormalCodes.Plain(rounded.absmax()));
    }

    private record Normals(
            Blocks blocks, Function<StoredCodes.Rows, Consumer<byte[]>> read, Supplier<NormalCodes.Scales> stored)
            implements NormalCodes {
        @Override
        public long rows() {
            return blocks.rows();
        }

        @Override
        public int cols() {
            return blocks.cols();
        }

        @Override
        public void read(long first, int n, byte[] codes) {
            read.apply(new StoredCodes.Rows(first, n)).accept(codes);
        }

        @Override
        public Scales scales() {
            return stored.get();
        }
    }

    /** Fills codes and scales of a run of rows. */
    private interface Fill {
        void into(byte[] codes, short[] scales);
    }

    private record Codes(Blocks blocks, int bits, Function<StoredCodes.Rows, Fill> read) implements IntegerCodes {
        @Override
        public long rows() {
            return blocks.rows();
        }

        @Override
        public int cols() {
            return blocks.cols();
        }

        @Override
        public int group() {
            return blocks.group();
        }

        @Override
        public void read(long first, int n, byte[] codes, short[] scales) {
            read.apply(new StoredCodes.Rows(first, n)).into(codes, scales);
        }
    }

    /** Bits that hold what a code stands for: those of the code, but 8 for a table of integers. */
    static int bits(Grouped layout) {
        return layout instanceof Iq4 ? 8 : layout.bits();
    }
}
