package ingot.cli.render;

import ingot.quant.ConvertResult.TensorResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The tensors of one type. */
record TypeSum(String type, List<TensorResult> tensors) {
    /** By type, in the order in which the types appear. */
    static List<TypeSum> of(List<TensorResult> tensors) {
        Map<String, List<TensorResult>> byType = new LinkedHashMap<>();
        tensors.forEach(
                t -> byType.computeIfAbsent(t.type(), k -> new ArrayList<>()).add(t));
        return byType.entrySet().stream()
                .map(e -> new TypeSum(e.getKey(), e.getValue()))
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

    /** Greatest NMSE; empty where none is known. */
    OptionalDouble worstNmse() {
        return tensors.stream().flatMapToDouble(t -> t.nmse().stream()).max();
    }

    /**
     * Greatest NMSE of tensors of which nothing else is known. Error feedback moves weights on purpose: there the error of
     * the outputs counts, and the NMSE would only frighten.
     */
    OptionalDouble worstNmseAlone() {
        return tensors.stream()
                .filter(t -> t.weightedError().isEmpty())
                .flatMapToDouble(t -> t.nmse().stream())
                .max();
    }

    /** Greatest weighted error; empty where nothing is known of inputs. */
    OptionalDouble worstWeightedError() {
        return tensors.stream().flatMapToDouble(t -> t.weightedError().stream()).max();
    }

    /** The heads of {@link #cells}. */
    static List<String> heads(List<TypeSum> sums) {
        List<String> heads = new ArrayList<>(List.of("type", "tensors", "weights", "bits", "worst NMSE"));
        if (calibrated(sums)) {
            heads.add("worst weighted error");
        }
        return heads;
    }

    /** A row for each type. */
    static List<List<String>> cells(List<TypeSum> sums) {
        boolean calibrated = calibrated(sums);
        List<List<String>> rows = new ArrayList<>();
        for (TypeSum sum : sums) {
            List<String> row = new ArrayList<>(List.of(
                    sum.type(),
                    Integer.toString(sum.tensors().size()),
                    Format.count(sum.weights()),
                    Format.fixed(sum.bits(), 2),
                    Format.scientific(sum.worstNmseAlone())));
            if (calibrated) {
                row.add(Format.scientific(sum.worstWeightedError()));
            }
            rows.add(row);
        }
        return rows;
    }

    private static boolean calibrated(List<TypeSum> sums) {
        return sums.stream().anyMatch(s -> s.worstWeightedError().isPresent());
    }
}
