package ingot.quant.transform;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.Words;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Ways to other weights with the same outputs. All of them leave ordinary models behind. */
public enum Equivalence {
    /** The residual stream turned by a Hadamard matrix, so that no channel stands out (QuaRot; Ashkboos et al. 2024). */
    ROTATE,
    /** Channels scaled by what passes them, so that important ones are rounded finer (AWQ; Lin et al. 2023). */
    AWQ,
    /** Channels inside a layer ordered by what passes them, so that those of a group are alike. */
    FREE_ORDER;

    private static final List<String> LABELS =
            Arrays.stream(values()).map(Equivalence::label).toList();

    /** The name in options and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether activations decide. */
    public boolean measured() {
        return this != ROTATE;
    }

    /** Parses {@code awq,free-order}. */
    public static Set<Equivalence> parse(String list) {
        Set<Equivalence> found = EnumSet.noneOf(Equivalence.class);
        for (String name : list.split(",", -1)) {
            found.add(Arrays.stream(values())
                    .filter(e -> e.label().equals(name.strip().toLowerCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new IngotException.Usage("transform " + Text.quote(name)
                            + " is unknown; expected some of " + String.join(", ", LABELS)
                            + Words.didYouMean(name, LABELS))));
        }
        return found;
    }
}
