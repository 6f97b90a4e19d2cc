package ingot.quant;

import ingot.formats.Progress;
import ingot.formats.block.Layout;
import ingot.quant.allocation.Allocation;
import ingot.quant.calibration.CalibrationSet;
import ingot.quant.calibration.LayerWeights;
import ingot.quant.calibration.Rounding;
import ingot.quant.calibration.SensitivityPass;
import ingot.quant.calibration.WeightGroup;
import ingot.quant.calibration.WorkFolder;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/**
 * Chooses the types of a conversion for a budget, once per conversion: a resumed one takes up the plan that was made.
 */
final class AutoTypes {
    private static final String PLAN = "plan.json";

    private final Source source;
    private final ConvertOptions options;
    private final ConvertOptions.Auto auto;

    AutoTypes(Source source, ConvertOptions options, ConvertOptions.Auto auto) {
        this.source = source;
        this.options = options;
        this.auto = auto;
    }

    /** The plan: from {@code work}, or measured and put there. */
    Allocation plan(WorkFolder work, CalibrationSet set, Kernels kernels, Progress progress) {
        TypePlan types = new TypePlan(options);
        Predicate<WeightSpec> free = types::free;
        List<WeightGroup> groups = WeightGroup.of(source.graph(), kernels, free);
        Optional<ObjectNode> kept = work.kept(PLAN);
        if (kept.isPresent()) {
            return Allocation.parse(kept.get(), work.folder().resolve(PLAN), groups);
        }
        long parameters = source.graph().parameters();
        long fixed = fixed(types, groups);
        Allocation.requireWithinRange(auto.budget(), groups, fixed, parameters);
        LayerWeights weights = new Calibrated.Weights(source, options, types);
        Rounding rounding = options.method().rounding();
        var model = new SensitivityPass.Model(source.graph(), weights, free);
        var pass = new SensitivityPass(model, set, kernels, rounding, Allocation.CANDIDATES);
        Allocation plan = Allocation.of(auto.budget(), pass.measure(work, progress), fixed, parameters);
        work.keep(PLAN, plan.toJson());
        return plan;
    }

    private long fixed(TypePlan types, List<WeightGroup> groups) {
        Set<String> chosen = new HashSet<>();
        groups.forEach(g -> g.tensors().forEach(t -> chosen.add(t.name())));
        long bytes = 0;
        for (WeightSpec weight : source.graph().weights()) {
            if (!chosen.contains(weight.name())) {
                Layout layout = types.layout(weight, Optional::empty);
                bytes = Math.addExact(
                        bytes,
                        layout.bytes(weight.shape().rows(), weight.shape().cols()));
            }
        }
        return bytes;
    }
}
