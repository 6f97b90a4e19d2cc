package ingot.quant.calibration;

import ingot.quant.transform.Equivalence;
import ingot.quant.transform.EquivalentModel;
import ingot.quant.transform.Permutation;
import ingot.quant.transform.Place;
import ingot.quant.transform.ChannelScaling;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.LayerWiring;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.WeightSpec;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Leaves a layer as it is in the source, and chooses transforms of its places by what passes them. */
final class ChannelVisit implements Visit {
    private final Kernels kernels;
    private final LayerWeights weights;
    private final Set<Equivalence> wanted;
    private final EquivalentModel model;
    private final int index;
    private final LayerWiring wiring;

    /** Σ x² of what the feed-forward part reads. */
    private final double[] feed;

    /** Σ x² at both norms, each with a sum of 1, by channel of the residual stream. */
    private final double[] importance;

    private @Nullable ChannelScales feedScales;

    /** @param model gets the transforms */
    ChannelVisit(Kernels kernels, LayerWeights weights, Set<Equivalence> wanted, EquivalentModel model, int index) {
        this.kernels = kernels;
        this.weights = weights;
        this.wanted = wanted;
        this.model = model;
        this.index = index;
        this.wiring = LayerWiring.of(model.graph().config(), index);
        this.feed = new double[model.graph().config().hidden()];
        this.importance = new double[feed.length];
    }

    double[] importance() {
        return importance;
    }

    @Override
    public boolean wantsHessian(List<WeightSpec> specs) {
        return true;
    }

    @Override
    public void feedInput(float[] x, int count) {
        for (int i = 0; i < count * feed.length; i++) {
            feed[i % feed.length] += (double) x[i] * x[i];
        }
    }

    @Override
    public void matrices(List<WeightSpec> specs, @Nullable Moments moments, String note, StagedLayer layer) {
        Map<WeightSpec, float[]> values = new HashMap<>();
        for (WeightSpec spec : specs) {
            float[] source = weights.read(spec);
            layer.put(spec, source);
            values.put(spec, source);
        }
        if (moments == null) {
            return;
        }
        float[] h = moments.h();
        WeightSpec first = specs.getFirst();
        int n = first.cols();
        double[] squares = new double[n];
        Arrays.setAll(squares, i -> h[i * n + i]);
        if (first.equals(wiring.mixerOutput())) {
            wiring.values().ifPresent(v -> values(v, first, values, h, squares));
        } else if (wiring.mixerReaders().contains(first)) {
            ChannelScales scales = scales(squares);
            weighAndMeasure(specs, values, identity(n), h, scales);
            settle(new Place.MixerInput(index), scales, squares);
        } else {
            branch(specs, values, h, squares);
        }
    }

    private void branch(List<WeightSpec> specs, Map<WeightSpec, float[]> values, float[] h, double[] squares) {
        WeightSpec first = specs.getFirst();
        for (int i = 0; i < wiring.branches().size(); i++) {
            Branch branch = wiring.branches().get(i);
            if (branch.down().equals(first)) {
                ChannelScales scales = scales(squares);
                weighAndMeasure(specs, values, identity(squares.length), h, scales);
                Optional<ChannelScaling> scaling = chosen(scales);
                Place place = new Place.Inner(index, i);
                scaling.ifPresent(s -> model.apply(place, s));
                if (wanted.contains(Equivalence.FREE_ORDER)) {
                    model.apply(place, order(scaled(squares, scaling), squares.length));
                }
            } else if (branch.gate().equals(first)) {
                ChannelScales scales = feedScales();
                for (int k = 0; k < specs.size(); k++) {
                    WeightSpec spec = specs.get(k);
                    measure(spec, values, identity(squares.length), k + 1 < specs.size() ? h.clone() : h, scales);
                }
            }
        }
    }

    private ChannelScales scales(double[] squares) {
        double[] strength = Arrays.stream(squares).map(Math::sqrt).toArray();
        return new ChannelScales(kernels, weights, strength);
    }

    /** All branches read the same channels, so their shares of the weights are known only with all of them read. */
    private ChannelScales feedScales() {
        if (feedScales == null) {
            feedScales = scales(feed);
            if (wanted.contains(Equivalence.AWQ)) {
                int[] all = identity(feed.length);
                for (Branch branch : wiring.branches()) {
                    for (WeightSpec spec : List.of(branch.gate(), branch.up())) {
                        feedScales.weigh(spec, weights.read(spec), all);
                    }
                }
            }
        }
        return feedScales;
    }

    /** The layer has passed. */
    void end() {
        settle(new Place.FeedInput(index), feedScales(), feed);
    }

    private void settle(Place place, ChannelScales scales, double[] squares) {
        Optional<ChannelScaling> scaling = chosen(scales);
        scaling.ifPresent(s -> model.apply(place, s));
        double[] scaled = scaled(squares, scaling);
        double sum = Arrays.stream(scaled).sum();
        for (int i = 0; i < scaled.length && sum > 0; i++) {
            importance[i] += scaled[i] / sum;
        }
    }

    private void weighAndMeasure(
            List<WeightSpec> specs, Map<WeightSpec, float[]> values, int[] of, float[] h, ChannelScales scales) {
        if (!wanted.contains(Equivalence.AWQ)) {
            return;
        }
        for (WeightSpec spec : specs) {
            scales.weigh(spec, read(values, spec), of);
        }
        for (int i = 0; i < specs.size(); i++) {
            // The last one consumes it.
            measure(specs.get(i), values, of, i + 1 < specs.size() ? h.clone() : h, scales);
        }
    }

    private void measure(WeightSpec spec, Map<WeightSpec, float[]> values, int[] of, float[] h, ChannelScales scales) {
        if (wanted.contains(Equivalence.AWQ)) {
            scales.measure(spec, read(values, spec), of, h);
        }
    }

    private static float[] read(Map<WeightSpec, float[]> values, WeightSpec spec) {
        float[] read = values.get(spec);
        if (read == null) {
            throw new IllegalStateException(spec.name() + " was not read");
        }
        return read;
    }

    private Optional<ChannelScaling> chosen(ChannelScales scales) {
        return wanted.contains(Equivalence.AWQ) ? scales.best() : Optional.empty();
    }

    private static double[] scaled(double[] squares, Optional<ChannelScaling> scaling) {
        double[] scaled = squares.clone();
        scaling.ifPresent(s -> {
            for (int i = 0; i < scaled.length; i++) {
                scaled[i] /= s.divisors()[i] * s.divisors()[i];
            }
        });
        return scaled;
    }

    private void values(
            LayerWiring.Values heads, WeightSpec output, Map<WeightSpec, float[]> read, float[] h, double[] squares) {
        int[] of = EquivalentModel.valueChannels(heads);
        double[] shared = new double[heads.heads() * heads.headDim()];
        for (int i = 0; i < of.length; i++) {
            shared[of[i]] += squares[i];
        }
        ChannelScales scales = scales(shared);
        weighAndMeasure(List.of(output), read, of, h, scales);
        Optional<ChannelScaling> scaling = chosen(scales);
        Place place = new Place.Values(index);
        scaling.ifPresent(s -> model.apply(place, s));
        if (wanted.contains(Equivalence.FREE_ORDER) && !heads.gated()) {
            model.apply(place, order(scaled(shared, scaling), heads.headDim()));
        }
    }

    /** The strongest first, in each block of {@code size} channels. */
    static Permutation order(double[] squares, int size) {
        return new Permutation(IntStream.range(0, squares.length)
                .boxed()
                .sorted(Comparator.comparingInt((Integer c) -> c / size)
                        .thenComparingDouble(c -> -squares[c])
                        .thenComparingInt(c -> c))
                .mapToInt(c -> c)
                .toArray());
    }

    private static int[] identity(int n) {
        return IntStream.range(0, n).toArray();
    }
}
