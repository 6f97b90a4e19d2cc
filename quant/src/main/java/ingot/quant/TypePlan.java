package ingot.quant;

import ingot.formats.DType;
import ingot.formats.Text;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.quant.scheme.DenseScheme;
import ingot.quant.scheme.IntegerRtn;
import ingot.quant.scheme.Nf4Rtn;
import ingot.quant.scheme.Scheme;
import ingot.quant.scheme.TableRtn;
import ingot.runtime.model.WeightSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Which type each weight is stored in: the asked-for one for linear layers; embedding and output head at least int8,
 * because every token passes them and their error is not averaged away; norms, biases and routers f32. A matrix that comes
 * quantized may keep its own type. A {@code keep} rule overrides this for matrices, except for routers: a small error there
 * sends tokens to other experts. Where types are chosen for a budget, the plan names them instead of all these.
 */
final class TypePlan {
    private final ConvertOptions options;

    private final Map<String, Layout> chosen;

    TypePlan(ConvertOptions options) {
        this(options, Map.of());
    }

    /** @param chosen layouts by tensor name, for tensors without a rule */
    TypePlan(ConvertOptions options, Map<String, Layout> chosen) {
        this.options = options;
        this.chosen = Map.copyOf(chosen);
    }

    /** Whether no rule names the type of a weight. */
    boolean free(WeightSpec weight) {
        boolean quantized = weight.role().matrix() && weight.role() != WeightSpec.Role.ROUTER;
        return quantized
                && options.keep().stream()
                        .noneMatch(rule -> rule.pattern().matcher(weight.name()).find());
    }

    /** @param natural the layout that holds a quantized source as it is; asked only where that is wanted */
    Layout layout(WeightSpec weight, Supplier<Optional<Layout>> natural) {
        if (!weight.role().matrix() || weight.role() == WeightSpec.Role.ROUTER) {
            return new Dense(DType.F32);
        }
        for (ConvertOptions.Keep rule : options.keep()) {
            if (rule.pattern().matcher(weight.name()).find()) {
                return rule.layout();
            }
        }
        Layout planned = chosen.get(weight.name());
        if (planned != null) {
            return planned;
        }
        Optional<Layout> kept = options.same() ? natural.get() : Optional.empty();
        return kept.orElseGet(() -> asked(weight));
    }

    /** A line for every {@code keep} rule that finds no matrix among {@code weights}: most likely a slip in it. */
    List<String> unusedRules(List<WeightSpec> weights) {
        List<WeightSpec> open = weights.stream()
                .filter(w -> w.role().matrix() && w.role() != WeightSpec.Role.ROUTER)
                .toList();
        return options.keep().stream()
                .map(ConvertOptions.Keep::pattern)
                .filter(p -> open.stream().noneMatch(w -> p.matcher(w.name()).find()))
                .map(p -> "--keep " + Text.quote(p.pattern()) + " names no matrix that it could change")
                .toList();
    }

    private Layout asked(WeightSpec weight) {
        return switch (weight.role()) {
            case EMBEDDING, HEAD ->
                switch (options.layout()) {
                    case Int4 small -> new Int8(32);
                    case IntN small -> new Int8(32);
                    case Iq4 small -> new Int8(32);
                    case Nf4 small -> new Int8(32);
                    case Int8 same -> same;
                    case Dense same -> same;
                };
            default -> options.layout();
        };
    }

    Scheme scheme(Layout layout) {
        return switch (layout) {
            case Dense dense -> new DenseScheme(dense, options.allowNonFinite());
            case Iq4 iq4 -> new TableRtn(iq4);
            case Grouped integers -> new IntegerRtn(integers);
            case Nf4 nf4 -> new Nf4Rtn(nf4);
        };
    }
}
