package ingot.quant.calibration;

import ingot.quant.gptq.Target;
import ingot.runtime.model.LayerWiring;
import ingot.runtime.model.ModelGraph;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.WeightSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@link SequentialQuantizer} holds in the heap at a time, from shapes alone: an estimate of its large arrays, so that
 * a run that cannot end is not begun.
 */
public final class WorkingSet {
    /** Code, tokenizer, tables and what is small. */
    private static final long BASE = 32L << 20;

    /** Of a matrix while it is rounded, besides source, goal and result: arrays of the rows that are at work. */
    private static final int BYTES_AT_WORK = 28;

    /** Rows of a matrix that are at work, for each thread at most. */
    private static final int ROWS_AT_WORK = 512;

    private final ModelGraph graph;
    private final LayerWeights weights;
    private final int longest;
    private final int threads;

    public WorkingSet(ModelGraph graph, LayerWeights weights, CalibrationSet set, int threads) {
        this.graph = graph;
        this.weights = weights;
        this.longest = set.sequences().stream().mapToInt(s -> s.length).max().orElse(0);
        this.threads = threads;
    }

    /** The most that a run holds at a time, and where. */
    public HeapNeed need(Rounding how) {
        Need most = most(how);
        String less = "";
        if (how instanceof Rounding.Feedback feedback && feedback.drift() != 0) {
            long without = most(new Rounding.Feedback(feedback.order(), 0)).bytes();
            less = "use --drift 0, which needs about " + HeapNeed.show(without);
        }
        return new HeapNeed("calibration", most.bytes(), most.where(), less);
    }

    /**
     * The most that is held at a time.
     *
     * @param where the matrix that takes it
     */
    private record Need(long bytes, String where) {
        static final Need NONE = new Need(0, "");

        Need or(long other, WeightSpec spec) {
            return other > bytes ? new Need(other, spec.name()) : this;
        }
    }

    private Need most(Rounding how) {
        boolean drift = how instanceof Rounding.Feedback feedback && feedback.drift() != 0;
        int streams = drift ? 2 : 1;
        Need need = Need.NONE;
        for (int i = 0; i < graph.config().layers(); i++) {
            LayerWiring wiring = LayerWiring.of(graph.config(), i);
            List<WeightSpec> readers = wiring.mixerReaders().stream()
                    .filter(s -> s.role() == WeightSpec.Role.LINEAR)
                    .toList();
            need = at(need, new Place(readers, List.of(), false), streams);
            need = at(need, new Place(List.of(wiring.mixerOutput()), readers, true), streams);
            boolean alone = wiring.branches().size() == 1;
            for (Branch branch : wiring.branches()) {
                List<WeightSpec> first = List.of(branch.gate(), branch.up());
                need = at(need, new Place(first, List.of(), false), streams);
                need = at(need, new Place(List.of(branch.down()), first, alone), streams);
            }
        }
        return head(need, streams);
    }

    /**
     * Where matrices read the same input.
     *
     * @param before matrices that make it
     * @param residual whether their outputs are added to the residual stream, and nothing else's are
     */
    private record Place(List<WeightSpec> matrices, List<WeightSpec> before, boolean residual) {}

    private Need at(Need need, Place place, int streams) {
        WeightSpec first = place.matrices().getFirst();
        boolean wanted = place.matrices().stream().anyMatch(weights::calibrated);
        long moments = wanted ? moments(first, place.residual(), streams) : 0;
        long room = BASE + rows(first.cols(), streams);
        // While the sums are made, the matrices before are in use.
        Need most = need.or(room + moments + streams * floats(place.before()), first);
        List<WeightSpec> done = new ArrayList<>();
        for (WeightSpec spec : place.matrices()) {
            boolean last = spec.equals(place.matrices().getLast());
            long square = last || !weights.calibrated(spec) ? 0 : square(spec);
            most = most.or(room + moments + square + floats(done) + rounding(spec, spec.rows(), streams), spec);
            done.add(spec);
        }
        return most.or(room + moments + streams * floats(done), first);
    }

    /** H; of a second stream D and R, the latter for outputs, or both of them for these and W. */
    private long moments(WeightSpec spec, boolean residual, int streams) {
        long outputs = residual ? 4L * spec.rows() * spec.cols() : 0;
        if (square(spec) == 0 || streams == 1) {
            return square(spec);
        }
        return residual && Moments.ofOutputs(spec) ? square(spec) + 2 * outputs : 2 * square(spec) + outputs;
    }

    private static long square(WeightSpec spec) {
        return spec.cols() > Moments.WIDEST ? 0 : 4L * spec.cols() * spec.cols();
    }

    /** Rows of a sequence: residual, normed, what the matrices read and what they make. */
    private long rows(int width, int streams) {
        return 4L * longest * (streams * (2L * graph.config().hidden() + width) + 2L * width);
    }

    private static long floats(List<WeightSpec> specs) {
        return specs.stream().mapToLong(s -> 4L * s.rows() * s.cols()).sum();
    }

    /** Source, goal, result as numbers and as bytes, and what is at work between. */
    private long rounding(WeightSpec spec, int rows, int streams) {
        Target target = weights.target(spec);
        long bytes = target.parts(rows, spec.cols()).stream()
                .mapToLong(Long::longValue)
                .sum();
        long atWork = weights.calibrated(spec) ? Math.min(rows, (long) threads * ROWS_AT_WORK) : 0;
        return 4L * (streams + 1) * rows * spec.cols() + bytes + BYTES_AT_WORK * atWork * spec.cols();
    }

    private Need head(Need need, int streams) {
        WeightSpec head = graph.head();
        if (!weights.calibrated(head)) {
            return need;
        }
        // A head that is the embedding too is not moved.
        int used = graph.config().tiedEmbeddings() ? 1 : streams;
        int rows = weights.target(head).whole() ? head.rows() : Math.min(head.rows(), Site.HEAD_ROWS);
        long room = BASE + rows(head.cols(), streams);
        return need.or(room + moments(head, false, used) + rounding(head, rows, used), head);
    }
}
