package ingot.quant;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.Text;
import ingot.formats.Words;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.quant.folder.CompressedFormat;
import ingot.quant.folder.FolderFormat;
import ingot.quant.folder.GptqFormat;
import ingot.quant.folder.NormalFormat;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a folder stores its weights as: the linear layers in one format, everything else as floating-point numbers wide enough
 * to be exact.
 */
final class FolderPlan {
    /** Columns per scale where the model has none: what published 4-bit checkpoints have, or less where rows are shorter. */
    private static final int USUAL_GROUP = 128;

    private final Source source;
    private final FolderExporter.Options options;

    FolderPlan(Source source, FolderExporter.Options options) {
        this.source = source;
        this.options = options;
    }

    /** The format of the linear layers; empty for plain numbers. */
    Optional<FolderFormat> format() {
        return switch (options.kind()) {
            case HF -> Optional.empty();
            case GPTQ -> Optional.of(integers(bits -> g -> new GptqFormat(bits, g)));
            case COMPRESSED_TENSORS -> Optional.of(integers(bits -> g -> new CompressedFormat(bits, g)));
            case BNB -> Optional.of(new NormalFormat(nested(), computeType()));
        };
    }

    private FolderFormat integers(IntFunction<IntFunction<FolderFormat>> make) {
        long four = weights(l -> l instanceof Grouped g && SourceCodes.bits(g) <= 4);
        long eight = weights(l -> l instanceof Grouped g && SourceCodes.bits(g) > 4);
        String type = options.type().orElse(eight > four ? "int8" : "int4");
        int bits = switch (type.toLowerCase(Locale.ROOT)) {
            case "int4" -> 4;
            case "int8" -> 8;
            default -> throw new IngotException.Usage("type " + Text.quote(type) + ": expected int4 or int8");
        };
        return make.apply(bits).apply(options.group().orElseGet(() -> group(bits)));
    }

    /** The largest group that every matrix of this many bits or fewer can be stored with as it is. */
    private int group(int bits) {
        List<Integer> groups = linear().flatMap(w -> SourceCodes.natural(source, w).stream())
                .filter(l -> l instanceof Grouped g && SourceCodes.bits(g) <= bits)
                .map(l -> ((Grouped) l).group())
                .distinct()
                .toList();
        if (groups.isEmpty()) {
            int whole = linear().map(WeightSpec::cols).reduce(USUAL_GROUP, FolderPlan::commonDivisor);
            return whole < Grouping.UNIT ? Grouping.CHANNEL : whole;
        }
        return groups.stream()
                .filter(g -> g != Grouping.CHANNEL)
                .reduce(FolderPlan::commonDivisor)
                .orElse(Grouping.CHANNEL);
    }

    private static int commonDivisor(int a, int b) {
        return b == 0 ? a : commonDivisor(b, a % b);
    }

    private boolean nested() {
        String type = options.type()
                .orElseGet(() -> weights(l -> l.equals(new Nf4(true))) > weights(l -> l.equals(new Nf4(false)))
                        ? "nf4-dq"
                        : "nf4");
        return switch (type.toLowerCase(Locale.ROOT)) {
            case "nf4" -> false;
            case "nf4-dq" -> true;
            default ->
                throw new IngotException.Usage("type " + Text.quote(type) + ": expected nf4 or nf4-dq"
                        + Words.didYouMean(type, List.of("nf4", "nf4-dq")));
        };
    }

    /** What config.json says the model computes in. */
    private String computeType() {
        for (String key : List.of("torch_dtype", "dtype")) {
            var node = source.config().get(key);
            if (node != null && node.isString() && node.stringValue().matches("float16|bfloat16|float32")) {
                return node.stringValue();
            }
        }
        return "bfloat16";
    }

    private Stream<WeightSpec> linear() {
        return source.graph().weights().stream().filter(w -> w.role() == WeightSpec.Role.LINEAR);
    }

    private long weights(Predicate<Layout> kind) {
        return linear().filter(w -> SourceCodes.natural(source, w).filter(kind).isPresent())
                .mapToLong(w -> w.shape().count())
                .sum();
    }

    /** The type of everything in a folder of plain numbers. */
    Dense plain() {
        if (options.kind() != FolderExporter.Kind.HF) {
            return new Dense(DType.F32);
        }
        return new Dense(options.type().map(FolderPlan::floating).orElseGet(this::exactType));
    }

    static DType floating(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "f32" -> DType.F32;
            case "f16" -> DType.F16;
            case "bf16" -> DType.BF16;
            default ->
                throw new IngotException.Usage("type " + Text.quote(name) + ": expected f32, f16 or bf16"
                        + (List.of("int4", "int8").contains(name) ? "; --format compressed-tensors holds " + name : "")
                        + Words.didYouMean(name, List.of("f32", "f16", "bf16")));
        };
    }

    private DType exactType() {
        List<Optional<Layout>> types = source.graph().weights().stream()
                .filter(w -> w.role().matrix() && w.role() != WeightSpec.Role.ROUTER)
                .map(w -> SourceCodes.natural(source, w))
                .distinct()
                .toList();
        return types.size() == 1 && types.getFirst().orElse(null) instanceof Dense dense ? dense.type() : DType.F32;
    }

    /**
     * Checkpoints of models with gated DeltaNet hold the pace of the decay and the gated norm in F32, whatever their other
     * tensors are in; so does an export of plain numbers, unless a type is asked for.
     */
    Dense plainType(WeightSpec weight, Dense common) {
        boolean hybrid = source.graph().config().attention().linear().isPresent();
        return switch (weight.role()) {
            case DECAY, NORM -> hybrid && options.type().isEmpty() ? new Dense(DType.F32) : common;
            default -> common;
        };
    }

    /** The narrowest type that holds a weight exactly; of a matrix in blocks F32 without looking. */
    Dense exact(WeightSpec weight) {
        Optional<Layout> natural = SourceCodes.natural(source, weight);
        if (weight.role().matrix() || !(natural.orElse(null) instanceof Dense dense) || dense.type() != DType.F32) {
            return natural.orElse(null) instanceof Dense dense ? dense : new Dense(DType.F32);
        }
        boolean bf16 = true;
        boolean f16 = true;
        try (Source.Rows rows = source.rows(weight, WeightReader.NonFinite.KEEP)) {
            float[] values = new float[rows.cols()];
            for (long row = 0; row < rows.rows(); row++) {
                rows.read(row, 1, values);
                for (float v : values) {
                    bf16 &= Numbers.bf16ToF32(Numbers.f32ToBf16(v)) == v;
                    f16 &= Float.float16ToFloat(Float.floatToFloat16(v)) == v;
                }
            }
        }
        return new Dense(bf16 ? DType.BF16 : f16 ? DType.F16 : DType.F32);
    }
}
