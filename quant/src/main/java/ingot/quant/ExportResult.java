package ingot.quant;

import ingot.formats.Shape;
import ingot.formats.io.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an export wrote.
 *
 * @param output the file or folder
 * @param files every file that was written, in order
 * @param type the type that was asked for, or what was chosen
 * @param made how
 * @param notes what a reader should know, for example of the tokenizer
 */
public record ExportResult(
        Path output, List<Path> files, String type, Made made, List<Tensor> tensors, List<String> notes) {
    public ExportResult {
        files = List.copyOf(files);
        tensors = List.copyOf(tensors);
        notes = List.copyOf(notes);
    }

    /**
     * How an export was made, and what it came to.
     *
     * @param bytes of all files
     * @param options {@code method}, and what belongs to it
     * @param calibration what was looked at, if anything was
     */
    public record Made(long bytes, ObjectNode options, Optional<CalibrationResult> calibration) {
        /** Of files that were written without looking at activations. */
        static Made plainly(List<Path> files) {
            return new Made(size(files), AskedFor.method(new ConvertOptions.Method.Rtn()), Optional.empty());
        }

        static long size(List<Path> files) {
            return files.stream()
                    .mapToLong(file -> {
                        try {
                            return Files.size(file);
                        } catch (IOException e) {
                            throw InputFile.failure(file, e);
                        }
                    })
                    .sum();
        }
    }

    /** Bytes of all files. */
    public long bytes() {
        return made.bytes();
    }

    /** Bytes of the weights, scales counted. */
    public long tensorBytes() {
        return tensors.stream().mapToLong(Tensor::bytes).sum();
    }

    /** The same as of a conversion, for reports. */
    public ConvertResult asConversion() {
        long parameters = tensors.stream().mapToLong(t -> t.shape().count()).sum();
        List<ConvertResult.TensorResult> results = tensors.stream()
                .map(t -> new ConvertResult.TensorResult(
                        t.name(),
                        t.type(),
                        t.shape(),
                        8.0 * t.bytes() / t.shape().count(),
                        new ConvertResult.Rounding(
                                OptionalDouble.of(t.nmse()),
                                t.loss().weightedError(),
                                t.loss().note()),
                        "from " + t.storedAs()))
                .toList();
        return new ConvertResult(
                output,
                new ConvertResult.Size(bytes(), parameters, 8.0 * tensorBytes() / parameters),
                made.options(),
                results,
                Optional.empty(),
                made.calibration(),
                notes);
    }

    /**
     * One weight of the model.
     *
     * @param storedAs what it was
     * @param type what it is in the export
     * @param bytes in the export, scales counted
     * @param loss what that took
     */
    public record Tensor(String name, Shape shape, String storedAs, String type, long bytes, Loss loss) {
        /** mean((exported − model)²) ÷ mean((model − mean)²): the error the export adds. */
        public double nmse() {
            return loss.nmse();
        }

        /** Whether it holds exactly the numbers the model computes with. */
        public boolean lossless() {
            return nmse() == 0;
        }
    }

    /**
     * What an export took from a weight, and how.
     *
     * @param method {@code rtn}, {@code imatrix}, {@code gptq}; {@code copy} where no number was chosen
     * @param nmse mean((exported − model)²) ÷ mean((model − mean)²)
     * @param weightedError share of its outputs' energy on the calibration set that is error, where that is known
     * @param note why it was rounded otherwise than asked for; empty if it was not
     */
    public record Loss(String method, double nmse, OptionalDouble weightedError, String note) {
        /** Of a weight whose numbers fit the type, or nearly do: f32 as f16. */
        static Loss copy(double nmse) {
            return new Loss("copy", nmse, OptionalDouble.empty(), "");
        }

        /** Of a weight rounded to nearest. */
        static Loss nearest(double nmse) {
            return new Loss("rtn", nmse, OptionalDouble.empty(), "");
        }
    }

    /** Whether every tensor holds exactly the numbers the model computes with. */
    public boolean lossless() {
        return tensors.stream().allMatch(Tensor::lossless);
    }
}
