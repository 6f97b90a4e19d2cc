package ingot.cli.render;

import ingot.quant.CodeStatistics;
import ingot.quant.ConvertResult.TensorResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * A matrix in a report; the experts of a layer together, for each projection and type: a mixture has thousands.
 *
 * @param name with {@code *} for the number of the expert
 */
record TensorRow(String name, List<TensorResult> tensors, Optional<CodeStatistics> codes) {
    /** Every tensor with rows and columns, in file order. */
    static List<TensorRow> of(ConvertView view) {
        Map<String, List<TensorResult>> groups = new LinkedHashMap<>();
        for (TensorResult t : view.result().tensors()) {
            if (t.shape().rank() > 1) {
                String name = t.name().replaceFirst("experts\\.[0-9]+\\.", "experts.*.");
                groups.computeIfAbsent(name + "\n" + t.type(), k -> new ArrayList<>())
                        .add(t);
            }
        }
        return groups.values().stream()
                .map(ts -> new TensorRow(
                        ts.getFirst().name().replaceFirst("experts\\.[0-9]+\\.", "experts.*."), ts, codes(ts, view)))
                .toList();
    }

    private static Optional<CodeStatistics> codes(List<TensorResult> tensors, ConvertView view) {
        return tensors.stream()
                .map(t -> view.codes().get(t.name()))
                .filter(Objects::nonNull)
                .reduce(CodeStatistics::plus);
    }

    String type() {
        return tensors.getFirst().type();
    }

    double bits() {
        return tensors.getFirst().bitsPerWeight();
    }

    long weights() {
        return tensors.stream().mapToLong(TensorResult::parameters).sum();
    }

    /** The greatest of them. */
    OptionalDouble nmse() {
        return greatest(TensorResult::nmse);
    }

    /** The greatest of them. */
    OptionalDouble weightedError() {
        return greatest(TensorResult::weightedError);
    }

    private OptionalDouble greatest(Function<TensorResult, OptionalDouble> error) {
        return tensors.stream()
                .map(error)
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .max();
    }
}
