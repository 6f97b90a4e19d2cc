package ingot.quant;

import ingot.formats.Shape;
import ingot.quant.allocation.Allocation;
import ingot.quant.calibration.TensorSink;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a conversion did, or, of a dry run, would do.
 *
 * @param output the file
 * @param options what was asked for, as far as it changes the bytes: {@code method} and what belongs to it, types, transforms
 * @param tensors every weight in file order
 * @param allocation how types were chosen for a budget, if they were
 * @param calibration what was looked at, if anything was
 * @param warnings harmless oddities of the source, and of options that change nothing
 */
public record ConvertResult(
        Path output,
        Size size,
        ObjectNode options,
        List<TensorResult> tensors,
        Optional<Allocation> allocation,
        Optional<CalibrationResult> calibration,
        List<String> warnings) {
    public ConvertResult {
        tensors = List.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }

    /**
     * @param bytes length of the file; of a dry run, of its weights
     * @param parameters single weights
     * @param bitsPerWeight bits of all weights, scales and padding included, ÷ parameters
     */
    public record Size(long bytes, long parameters, double bitsPerWeight) {}

    /** How numbers were chosen. */
    public String method() {
        return options.path("method").asString("rtn");
    }

    /** Length of the file; of a dry run, of its weights. */
    public long bytes() {
        return size.bytes();
    }

    /** Single weights. */
    public long parameters() {
        return size.parameters();
    }

    /** Bits of all weights, scales and padding included, ÷ parameters. */
    public double bitsPerWeight() {
        return size.bitsPerWeight();
    }

    /**
     * One weight.
     *
     * @param type layout with its group, for example {@code int4 g32}
     * @param note what else a reader of the summary should know; empty for nothing
     */
    public record TensorResult(
            String name, String type, Shape shape, double bitsPerWeight, Rounding rounding, String note) {
        /** Single weights. */
        public long parameters() {
            return shape.count();
        }

        /** Error of the stored weights; absent in a dry run. */
        public OptionalDouble nmse() {
            return rounding.nmse();
        }

        /** Share of its outputs' energy on the calibration set that is error, where that is known. */
        public OptionalDouble weightedError() {
            return rounding.weightedError();
        }
    }

    /**
     * How a weight was rounded, and what that lost.
     *
     * @param nmse error of the stored weights; absent in a dry run
     * @param weightedError share of its outputs' energy on the calibration set that is error, where that is known
     * @param remark where calibration did not go as usual: more damping than the first, or rounded to nearest, with the
     *     reason; else empty
     */
    public record Rounding(OptionalDouble nmse, OptionalDouble weightedError, String remark) {
        /** Whether error feedback was asked for and could not be had. */
        public boolean fallback() {
            return remark.startsWith(TensorSink.NEAREST);
        }
    }
}
