package ingot.cli.render;

import ingot.quant.ConvertResult.TensorResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of one type.
 *
 * @param worst greatest NMSE; 0 where none is known
 */
record TypeSum(String type, List<TensorResult> tensors, double worst) {
    /** By type, in the order in which the types appear. */
    static List<TypeSum> of(List<TensorResult> tensors) {
        Map<String, List<TensorResult>> byType = new LinkedHashMap<>();
        tensors.forEach(
                t -> byType.computeIfAbsent(t.type(), k -> new ArrayList<>()).add(t));
        return byType.entrySet().stream()
                .map(e -> new TypeSum(
                        e.getKey(),
                        e.getValue(),
                        e.getValue().stream()
                                .mapToDouble(t -> t.nmse().orElse(0))
                                .max()
                                .orElse(0)))
                .toList();
    }

    long weights() {
        return tensors.stream().mapToLong(TensorResult::parameters).sum();
    }

    long bytes() {
        return Math.round(tensors.stream()
                        .mapToDouble(t -> t.parameters() * t.bitsPerWeight())
                        .sum()
                / 8);
    }

    double bits() {
        return 8.0 * bytes() / Math.max(1, weights());
    }
}
