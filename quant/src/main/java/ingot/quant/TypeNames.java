package ingot.quant;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.Words;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The types of .ingot files by name. */
public final class TypeNames {
    /** Every type's own name. */
    public static final List<String> ALL =
            List.of("f32", "f16", "bf16", "int8", "int6", "int5", "int4", "int3", "iq4", "nf4", "nf4-dq");

    /** Names that other tools have for some of them. */
    public static final List<String> ALIASES = List.of("q8_0", "q5_0", "q4_0", "iq4_nl");

    private TypeNames() {}

    /**
     * The layout of a type by its name or the name the field's other tools give it, with a group size.
     *
     * @param group a multiple of 32, or {@code channel}; 32 when absent
     */
    public static Layout layout(String type, Optional<String> group) {
        Layout layout = switch (type.toLowerCase(Locale.ROOT)) {
            case "f32" -> new Dense(DType.F32);
            case "f16" -> new Dense(DType.F16);
            case "bf16" -> new Dense(DType.BF16);
            case "int8" -> new Int8(group(group));
            case "int6" -> new IntN(6, group(group));
            case "int5" -> new IntN(5, group(group));
            case "int4" -> new Int4(group(group));
            case "int3" -> new IntN(3, group(group));
            case "iq4" -> new Iq4(group(group));
            case "q8_0" -> new Int8(32);
            case "q5_0" -> new IntN(5, 32);
            case "q4_0" -> new Int4(32);
            case "iq4_nl" -> new Iq4(32);
            case "nf4" -> new Nf4(false);
            case "nf4-dq" -> new Nf4(true);
            default ->
                throw new IngotException.Usage("type " + Text.quote(type) + " is unknown; expected "
                        + String.join(", ", ALL) + " or, as GGUF calls them, " + String.join(", ", ALIASES)
                        + Words.didYouMean(type, ALL));
        };
        if (group.isPresent() && !(layout instanceof Grouped)) {
            throw new IngotException.Usage("--group applies to int8, int6, int5, int4, int3 and iq4; " + layout.label()
                    + " has " + (layout instanceof Nf4 ? "64" : "none"));
        }
        return layout;
    }

    private static int group(Optional<String> text) {
        if (text.isEmpty()) {
            return 32;
        }
        if (text.get().equals("channel")) {
            return Grouping.CHANNEL;
        }
        if (text.get().matches("[0-9]{1,5}")) {
            int group = Integer.parseInt(text.get());
            if (group > 0 && group % Grouping.UNIT == 0 && group <= Grouping.MAX) {
                return group;
            }
        }
        throw new IngotException.Usage(
                "group " + Text.quote(text.get()) + ": expected 32, 64, 128 or another multiple of " + Grouping.UNIT
                        + " up to " + Grouping.MAX + ", or channel");
    }
}
