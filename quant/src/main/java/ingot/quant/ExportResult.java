package ingot.quant;

import java.nio.file.Path;
import java.util.List;

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
     * @param nmse mean((exported − model)²) ÷ mean((model − mean)²): the error the export adds
     */
    public record Tensor(String name, String storedAs, String type, long bytes, double nmse) {
        /** Whether it holds exactly the numbers the model computes with. */
        public boolean lossless() {
            return nmse == 0;
        }
    }

    /** Whether every tensor holds exactly the numbers the model computes with. */
    public boolean lossless() {
        return tensors.stream().allMatch(Tensor::lossless);
    }
}
