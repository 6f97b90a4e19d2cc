package ingot.quant;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.Words;
import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.gguf.GgmlType;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Which type each weight has in a GGUF file. Vectors and routers are F32. Without a type every matrix keeps its numbers where
 * a type can hold them, else it becomes {@link #DEFAULT}. A type of less than 6 bits leaves the output head at Q6_K, as
 * llama.cpp's quantizer does: every token passes it. Rows that are no whole blocks get the type the quantizer would take.
 */
final class GgufTypes {
    /** For numbers that no block type holds: its error is far below that of the 4-bit type they come from. */
    static final GgmlType DEFAULT = GgmlType.Q6_K;

    private final Optional<GgmlType> asked;
    private final List<Keep> keep;
    private final boolean tied;

    /** A tensor exempt from the general type: {@code REGEX=TYPE}. */
    record Keep(Pattern pattern, GgmlType type) {}

    GgufTypes(Optional<GgmlType> asked, List<String> keep, boolean tied) {
        this.asked = asked;
        this.keep = keep.stream().map(GgufTypes::rule).toList();
        this.tied = tied;
    }

    private static Keep rule(String text) {
        int split = text.lastIndexOf('=');
        if (split <= 0) {
            throw new IngotException.Usage("--keep " + Text.quote(text) + ": expected REGEX=TYPE");
        }
        try {
            return new Keep(Pattern.compile(text.substring(0, split)), parse(text.substring(split + 1)));
        } catch (PatternSyntaxException e) {
            throw new IngotException.Usage(
                    "--keep " + Text.quote(text) + ": not a regular expression: " + e.getDescription());
        } catch (IngotException.Usage e) {
            throw new IngotException.Usage("--keep " + Text.quote(text) + ": " + e.getMessage());
        }
    }

    /** A type by its name in llama.cpp, in any case; {@code int8} and {@code int4} are Q8_0 and Q4_0. */
    static GgmlType parse(String name) {
        String plain = name.toUpperCase(Locale.ROOT);
        return switch (plain) {
            case "INT8" -> GgmlType.Q8_0;
            case "INT4" -> GgmlType.Q4_0;
            case "Q4_K_S", "Q5_K_S" -> GgmlType.valueOf(plain.substring(0, 4));
            default ->
                written()
                        .filter(t -> t.name().equals(plain))
                        .findFirst()
                        .orElseThrow(() -> new IngotException.Usage("type " + Text.quote(name) + ": expected one of "
                                + String.join(", ", names()) + Words.didYouMean(name, names())));
        };
    }

    /** Names of the types that are written. */
    static List<String> names() {
        return written().map(t -> t.name().toLowerCase(Locale.ROOT)).toList();
    }

    private static Stream<GgmlType> written() {
        return Stream.concat(
                Stream.of(GgmlType.F32, GgmlType.F16, GgmlType.BF16),
                Stream.of(GgmlType.values()).filter(t -> t.packed().isPresent()));
    }

    /** @param natural the type that holds the source's numbers; asked only where it matters */
    GgmlType type(WeightSpec weight, Supplier<Optional<GgmlType>> natural) {
        if (!weight.role().matrix() || weight.role() == WeightSpec.Role.ROUTER) {
            return GgmlType.F32;
        }
        for (Keep rule : keep) {
            if (rule.pattern().matcher(weight.name()).find()) {
                return fitting(rule.type(), weight.cols());
            }
        }
        GgmlType chosen = asked.map(type -> isHead(weight) ? forHead(type) : type)
                .orElseGet(() -> natural.get().orElse(DEFAULT));
        return fitting(chosen, weight.cols());
    }

    private boolean isHead(WeightSpec weight) {
        return weight.role() == WeightSpec.Role.HEAD || (tied && weight.role() == WeightSpec.Role.EMBEDDING);
    }

    private static GgmlType forHead(GgmlType type) {
        boolean small = type.packed().isPresent() && type != GgmlType.Q8_0;
        return small ? GgmlType.Q6_K : type;
    }

    /** The smallest type that holds the numbers of a layout as they are. */
    static Optional<GgmlType> holding(Layout layout) {
        return switch (layout) {
            case Dense dense -> Optional.of(dense(dense.type()));
            case Int4 four -> Optional.of(GgmlType.Q4_0);
            case Int8 eight -> Optional.of(GgmlType.Q8_0);
            case IntN odd ->
                Optional.of(odd.bits() == 3 ? GgmlType.Q4_0 : odd.bits() == 5 ? GgmlType.Q5_0 : GgmlType.Q8_0);
            case Iq4 table -> Optional.of(GgmlType.IQ4_NL);
            case Nf4 none -> Optional.empty();
        };
    }

    /** Whether blocks of a type hold codes as they are: one factor, and every value of these. */
    static boolean carries(GgmlType type, int bits, Layout natural) {
        return switch (type) {
            case Q4_0 -> bits <= 4;
            case Q5_0 -> bits <= 5;
            case Q8_0 -> true;
            case IQ4_NL -> natural instanceof Iq4;
            default -> false;
        };
    }

    private static GgmlType dense(DType type) {
        return switch (type) {
            case F16 -> GgmlType.F16;
            case BF16 -> GgmlType.BF16;
            default -> GgmlType.F32;
        };
    }

    /** What llama.cpp's quantizer takes for rows that are no whole blocks. */
    static GgmlType fitting(GgmlType type, int cols) {
        if (cols % type.blockWeights() == 0) {
            return type;
        }
        return switch (type) {
            case Q4_K -> fitting(GgmlType.Q5_0, cols);
            case Q5_K -> fitting(GgmlType.Q5_1, cols);
            case Q6_K -> fitting(GgmlType.Q8_0, cols);
            case IQ4_XS -> fitting(GgmlType.IQ4_NL, cols);
            default -> GgmlType.F16;
        };
    }

    /** Number in {@code enum llama_ftype} of a file whose weights mostly have a type. */
    static int fileType(GgmlType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q8_0 -> 7;
            case Q5_0 -> 8;
            case Q5_1 -> 9;
            case Q4_K -> 14;
            case Q5_K -> 16;
            case Q6_K -> 18;
            case IQ4_NL -> 25;
            case IQ4_XS -> 30;
            case BF16 -> 32;
            default -> 1024;
        };
    }
}
