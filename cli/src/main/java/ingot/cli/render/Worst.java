package ingot.cli.render;

import ingot.quant.ConvertResult.TensorResult;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/** The tensors that lost most. */
record Worst(List<TensorResult> byWeightedError, List<TensorResult> byNmse) {
    private static final int SHOWN = 10;

    static Worst of(List<TensorResult> tensors) {
        return new Worst(most(tensors, TensorResult::weightedError), most(tensors, TensorResult::nmse));
    }

    /** Of equals the first in the file comes first. */
    private static List<TensorResult> most(List<TensorResult> tensors, Function<TensorResult, OptionalDouble> error) {
        return tensors.stream()
                .filter(t -> error.apply(t).orElse(0) > 0)
                .sorted(Comparator.comparingDouble(t -> -error.apply(t).getAsDouble()))
                .limit(SHOWN)
                .toList();
    }
}
