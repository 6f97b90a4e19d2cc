package ingot.quant;

import ingot.quant.allocation.Allocation;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a conversion did, or, of a dry run, would do.
 *
 * @param output the file
 * @param bytes its length
 * @param parameters weights in it
 * @param bitsPerWeight bits of all weights, scales and padding included, ÷ parameters
 * @param tensors every weight in file order
 * @param allocation how types were chosen for a budget, if they were
 * @param warnings harmless oddities of the source, and of options that change nothing
 */
public record ConvertResult(
        Path output,
        long bytes,
        long parameters,
        double bitsPerWeight,
        String method,
        List<TensorResult> tensors,
        Optional<Allocation> allocation,
        List<String> warnings) {
    public ConvertResult {
        tensors = List.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }

    /**
     * One weight.
     *
     * @param type layout with its group, for example {@code int4 g32}
     * @param nmse error of the stored weights; absent in a dry run
     * @param weightedError share of its outputs' energy on the calibration set that is error, where that is known
     * @param note what else a reader of the summary should know; empty for nothing
     */
    public record TensorResult(
            String name,
            String type,
            long parameters,
            double bitsPerWeight,
            OptionalDouble nmse,
            OptionalDouble weightedError,
            String note) {}
}
