package ingot.quant.calibration;

import ingot.quant.calibration.CandidateErrors.Errors;
import ingot.quant.calibration.CandidateErrors.Sample;
import ingot.quant.gptq.Factor;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.WeightSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Leaves a layer as it is in the source, measures what each candidate type would do to its matrices, and keeps every
 * matrix rounded to the probe's type in a file.
 */
final class MeasuringVisit implements Visit {
    /** Rows that are rounded to every type. */
    private static final int ROWS = 48;

    private final LayerWeights weights;
    private final CandidateErrors candidates;
    private final Predicate<WeightSpec> free;
    private final RowFile rounded;
    private final Map<String, Errors> errors = new HashMap<>();
    private final Map<String, Long> places = new HashMap<>();
    private long end;

    /** @param rounded a file of single numbers */
    MeasuringVisit(LayerWeights weights, CandidateErrors candidates, Predicate<WeightSpec> free, RowFile rounded) {
        this.weights = weights;
        this.candidates = candidates;
        this.free = free;
        this.rounded = rounded;
    }

    @Override
    public boolean wantsHessian(List<WeightSpec> specs) {
        return specs.stream().anyMatch(free);
    }

    @Override
    public void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
        Map<WeightSpec, float[]> values = new HashMap<>();
        List<Sample> samples = new ArrayList<>();
        for (WeightSpec spec : specs) {
            float[] source = weights.read(spec);
            layer.put(spec, source);
            if (free.test(spec)) {
                values.put(spec, source);
                Errors found = candidates.none();
                errors.put(spec.name(), found);
                samples.add(CandidateErrors.sample(spec, source, ROWS, found));
            }
        }
        if (!samples.isEmpty()) {
            candidates.measure(
                    samples,
                    moments == null ? null : moments.h(),
                    factor -> samples.forEach(s -> keep(s.spec(), values.get(s.spec()), factor)));
        }
    }

    private void keep(WeightSpec spec, float @Nullable [] source, @Nullable Factor factor) {
        if (source == null) {
            throw new IllegalStateException(spec.name() + " was not read");
        }
        float[] stored =
                candidates.round(spec, source, CandidateErrors.PROBE, factor).stored();
        rounded.write(end, stored.length, stored);
        places.put(spec.name(), end);
        end += stored.length;
    }

    /** What was found out about the matrices of a group. */
    Errors errors(WeightGroup group) {
        Errors sum = candidates.none();
        for (WeightSpec spec : group.tensors()) {
            Errors found = errors.get(spec.name());
            if (found != null) {
                sum.add(found);
            }
        }
        return sum;
    }

    /** A visit that puts the source's matrices in place, but those of a group as the probe's type has them. */
    Visit replacing(WeightGroup group) {
        return new Visit() {
            @Override
            public boolean wantsHessian(List<WeightSpec> specs) {
                return false;
            }

            @Override
            public void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
                for (WeightSpec spec : specs) {
                    layer.put(spec, group.tensors().contains(spec) ? kept(spec) : weights.read(spec));
                }
            }
        };
    }

    private float[] kept(WeightSpec spec) {
        Long at = places.get(spec.name());
        if (at == null) {
            throw new IllegalStateException(spec.name() + " was not measured");
        }
        float[] values = new float[Math.multiplyExact(spec.rows(), spec.cols())];
        rounded.read(at, values.length, values);
        return values;
    }
}
