package ingot.quant;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What an export wrote.
 *
 * @param output the file or folder
 * @param files every file that was written, in order
 * @param type the type that was asked for, or what was chosen
 * @param notes what a reader should know, for example of the tokenizer
 */
public record ExportResult(Path output, List<Path> files, String type, List<Tensor> tensors, List<String> notes) {
    public ExportResult {
        files = List.copyOf(files);
        tensors = List.copyOf(tensors);
        notes = List.copyOf(notes);
    }

    /**
     * One weight of the model.
     *
     * @param storedAs what it was
     * @param type what it is in the export
     * @param bytes in the export, scales counted
     * @param loss what that took
     */
    public record Tensor(String name, String storedAs, String type, long bytes, Loss loss) {
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
