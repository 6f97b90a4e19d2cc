package ingot.quant.calibration;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Copies of the residual stream of a few sequences, one behind the other: the first as the source makes it, each other
 * one with one group of matrices rounded.
 */
final class Probes implements AutoCloseable {
    private final Path folder;
    private final List<Integer> lengths;
    private final int tokens;
    private final int hidden;
    private final RowFile residual;
    private final RowFile single;
    private final RowFile normed;
    private int streams = 1;

    Probes(Path folder, List<Integer> lengths, int hidden) {
        this.folder = folder;
        this.lengths = lengths;
        this.tokens = lengths.stream().mapToInt(n -> n).sum();
        this.hidden = hidden;
        this.residual = RowFile.create(folder.resolve("probes.f32"), hidden);
        this.single = RowFile.create(folder.resolve("probe.f32"), hidden);
        this.normed = RowFile.create(folder.resolve("probe-normed.f32"), hidden);
    }

    /** The streams [streams][tokens][hidden]. */
    RowFile residual() {
        return residual;
    }

    int streams() {
        return streams;
    }

    int tokens() {
        return tokens;
    }

    List<Integer> lengths() {
        return lengths;
    }

    /** Begins a stream with what {@code maker} writes at the beginning of a file. */
    void begin(Consumer<RowFile> maker) {
        maker.accept(single);
        copy(single, 0, residual, (long) streams * tokens);
        streams++;
    }

    /** Takes all streams through a layer as it is in the source, and begins a stream for each of its groups. */
    void pass(StagedLayer layer, List<WeightGroup> groups, MeasuringVisit measured, Kernels kernels) {
        int before = streams;
        for (WeightGroup group : groups) {
            begin(file -> {
                copy(residual, 0, file, 0);
                new LayerPass(
                                layer,
                                new Activations(folder, "", lengths, file, normed),
                                kernels,
                                measured.replacing(group))
                        .run();
            });
        }
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < before; i++) {
            all.addAll(lengths);
        }
        WeightGroup none = new WeightGroup("", List.of());
        new LayerPass(layer, new Activations(folder, "", all, residual, normed), kernels, measured.replacing(none))
                .run();
    }

    private void copy(RowFile from, long fromRow, RowFile to, long toRow) {
        float[] rows = new float[lengths.stream().mapToInt(n -> n).max().orElse(0) * hidden];
        long done = 0;
        for (int n : lengths) {
            from.read(fromRow + done, n, rows);
            to.write(toRow + done, n, rows);
            done += n;
        }
    }

    @Override
    public void close() {
        residual.close();
        single.close();
        normed.close();
    }
}
