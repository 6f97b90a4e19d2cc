package ingot.quant.calibration;

import java.nio.file.Path;
import java.util.List;

/**
 * The activations of a calibration set between two layers, and room for those inside one.
 *
 * @param folder for temporary files
 * @param name what their names begin with
 * @param lengths of the sequences
 * @param residual the residual stream [tokens][hidden]
 * @param normed what a feed-forward part reads [tokens][hidden]
 */
record Activations(Path folder, String name, List<Integer> lengths, RowFile residual, RowFile normed)
        implements AutoCloseable {
    /** Looks at a sequence. */
    interface Sequence {
        void accept(long first, int tokens);
    }

    Activations {
        lengths = List.copyOf(lengths);
    }

    /** Sequence by sequence, in order. */
    void forEach(Sequence body) {
        long first = 0;
        for (int n : lengths) {
            body.accept(first, n);
            first += n;
        }
    }

    int longest() {
        return lengths.stream().mapToInt(n -> n).max().orElse(0);
    }

    int tokens() {
        return lengths.stream().mapToInt(n -> n).sum();
    }

    /** An empty file for rows inside a layer, in place of the former one. */
    RowFile wide(int width) {
        return RowFile.create(folder.resolve(name + "wide.f32"), width);
    }

    @Override
    public void close() {
        residual.close();
        normed.close();
    }
}
