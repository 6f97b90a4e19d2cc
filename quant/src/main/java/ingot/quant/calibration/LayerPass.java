package ingot.quant.calibration;

import ingot.quant.calibration.LayerStream.Visitors;
import ingot.quant.calibration.LayerStream.Wide;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.StagedLayer.Route;
import ingot.runtime.model.StagedLayer.Routes;
import ingot.runtime.model.WeightSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Takes sequences through one layer, true-sequentially: each matrix is visited, and may be rounded, on what the
 * matrices before it make of the sequences. Every linear layer runs once; between two of them the activations lie in
 * files.
 */
final class LayerPass {
    private final List<LayerStream> streams;
    private final @Nullable LayerWeights source;
    private final LayerStream main;
    private final StagedLayer layer;
    private final Activations files;
    private final Kernels kernels;
    private final int hidden;

    LayerPass(StagedLayer layer, Activations files, Kernels kernels, Visit visit) {
        this(List.of(new LayerStream(layer, files, visit)), null, kernels);
    }

    /**
     * @param streams the one that is looked at, and, if there are two, that of the full-precision model. Tokens of the
     *     second go to the experts of the first, so that both are inputs of the same matrices
     * @param source weights of the second
     */
    LayerPass(List<LayerStream> streams, @Nullable LayerWeights source, Kernels kernels) {
        this.streams = List.copyOf(streams);
        this.source = source;
        this.main = streams.getFirst();
        this.layer = main.layer();
        this.files = main.files();
        this.kernels = kernels;
        this.hidden = files.residual().width();
    }

    /** Passes the layer and leaves its outputs in {@link Activations#residual}. */
    void run() {
        mixerInput();
        mixerOutput();
        Routing routing = feedInput();
        if (routing.perToken() > 0) {
            main.visit().routed(tokensOfExperts(routing));
        }
        for (Branch branch : layer.branches()) {
            feedForward(branch, routing);
        }
    }

    private Moments moments(int n, List<WeightSpec> readers) {
        return Moments.of(n, main.visit().wantsHessian(readers), streams.size());
    }

    /** Of the matrix whose outputs are added to the residual stream, and nothing else's. */
    private Moments moments(WeightSpec writer) {
        boolean wanted = main.visit().wantsHessian(List.of(writer));
        if (source != null && streams.size() > 1 && wanted && Moments.ofOutputs(writer)) {
            return Moments.intoResidual(writer.cols(), source.read(writer));
        }
        return moments(writer.cols(), List.of(writer)).intoResidual(hidden);
    }

    /** Has the matrices of every stream put in place. */
    private void visit(List<WeightSpec> specs, @Nullable Moments moments, String note) {
        if (moments != null && moments.tooWide()) {
            main.visit().matrices(specs, null, moments.reason(), layer);
        } else {
            main.visit().matrices(specs, moments, note, layer);
        }
        for (LayerStream stream : streams.subList(1, streams.size())) {
            stream.visit().matrices(specs, null, "", stream.layer());
        }
    }

    private <T> List<T> each(Function<LayerStream, T> body) {
        List<T> results = new ArrayList<>();
        streams.forEach(s -> results.add(body.apply(s)));
        return results;
    }

    /** One {@link Wide} per stream. */
    private record Rooms(List<Wide> all) implements AutoCloseable {
        @Override
        public void close() {
            all.forEach(Wide::close);
        }
    }

    /** Something to do with a stream and its room. */
    private interface Inside<T extends @Nullable Object> {
        T with(LayerStream stream, Wide wide);
    }

    private <T> List<T> each(Rooms rooms, Inside<T> body) {
        List<T> results = new ArrayList<>();
        for (int i = 0; i < streams.size(); i++) {
            results.add(body.with(streams.get(i), rooms.all().get(i)));
        }
        return results;
    }

    /** Sums up what lies in rooms and is being written; the difference takes the place of what the second stream made. */
    private void add(Moments moments, List<float[]> x, int n, Rooms rooms) {
        moments.addSquares(x.getFirst(), n, kernels);
        rooms.all().subList(1, streams.size()).forEach(Wide::free);
        moments.addApart(x, n, kernels);
    }

    private void mixerInput() {
        Moments moments = moments(hidden, layer.mixerInputs());
        files.forEach((first, n) -> moments.add(each(s -> s.mixerInput(first, n)), n, kernels));
        visit(layer.mixerInputs(), moments, "");
    }

    private void mixerOutput() {
        int width = layer.mixedWidth();
        Moments moments = moments(layer.mixerOutput());
        try (Rooms rooms = new Rooms(each(s -> s.wide(width)))) {
            files.forEach((first, n) -> {
                List<float[]> mixed = each(rooms, (s, w) -> s.mixed(first, n, w));
                add(moments, mixed, n, rooms);
                if (moments.residual()) {
                    moments.addResidual(each(s -> s.residual(first, n)), mixed, n, kernels);
                }
            });
            // Nothing reads them any more, and the next Hessian takes room.
            remove(layer.mixerInputs());
            visit(List.of(layer.mixerOutput()), moments, "");
            files.forEach((first, n) -> {
                for (int i = 0; i < streams.size(); i++) {
                    streams.get(i).addMixed(first, n, rooms.all().get(i));
                }
            });
            remove(List.of(layer.mixerOutput()));
        }
    }

    /** Where every token goes in a layer with experts; of no length in a dense one. */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    private record Routing(int perToken, int[] experts, float[] weights, float[] shared) {}

    private Routing feedInput() {
        boolean moe = layer.branches().stream().anyMatch(b -> b.route() instanceof Route.Expert);
        boolean gated = layer.branches().stream().anyMatch(b -> b.route() instanceof Route.Shared);
        int tokens = files.tokens();
        int[][] experts = {new int[0]};
        float[][] weights = {new float[0]};
        int[] perToken = {0};
        float[] shared = new float[gated ? tokens : 0];
        files.forEach((first, n) -> {
            float[] normed = each(s -> s.feedInput(first, n)).getFirst();
            main.visit().feedInput(normed, n);
            if (moe) {
                Routes routes = layer.route(normed, n);
                perToken[0] = routes.perToken();
                int at = Math.toIntExact(first) * perToken[0];
                if (experts[0].length == 0) {
                    experts[0] = new int[Math.multiplyExact(tokens, perToken[0])];
                    weights[0] = new float[experts[0].length];
                }
                System.arraycopy(routes.experts(), 0, experts[0], at, n * perToken[0]);
                System.arraycopy(routes.weights(), 0, weights[0], at, n * perToken[0]);
            }
            if (gated) {
                System.arraycopy(layer.sharedWeights(normed, n), 0, shared, Math.toIntExact(first), n);
            }
        });
        return new Routing(perToken[0], experts[0], weights[0], shared);
    }

    private int[] tokensOfExperts(Routing routing) {
        int[] tokens = new int
                [Math.toIntExact(layer.branches().stream()
                        .filter(b -> b.route() instanceof Route.Expert)
                        .count())];
        for (int expert : routing.experts()) {
            tokens[expert]++;
        }
        return tokens;
    }

    private Visitors visitors(Route route, Routing routing) {
        int tokens = files.tokens();
        return switch (route) {
            case Route.All all -> everybody(ones(tokens));
            case Route.Shared s -> everybody(routing.shared());
            case Route.Expert(int number) -> {
                int[] seen = new int[tokens];
                float[] shares = new float[tokens];
                int count = 0;
                for (int i = 0; i < routing.experts().length; i++) {
                    if (routing.experts()[i] == number) {
                        seen[count] = i / routing.perToken();
                        shares[count++] = routing.weights()[i];
                    }
                }
                yield new Visitors(Arrays.copyOf(seen, count), Arrays.copyOf(shares, count));
            }
        };
    }

    private static Visitors everybody(float[] shares) {
        int[] tokens = new int[shares.length];
        Arrays.setAll(tokens, i -> i);
        return new Visitors(tokens, shares);
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    private void feedForward(Branch branch, Routing routing) {
        Visitors visitors = visitors(branch.route(), routing);
        int count = visitors.count();
        boolean enough = count >= LayerExperts.least(files.tokens());
        String note =
                enough ? "" : TensorSink.NEAREST + "its expert saw " + count + " of " + files.tokens() + " tokens";
        if (!enough) {
            visit(List.of(branch.gate(), branch.up(), branch.down()), null, note);
        } else {
            Moments moments = moments(hidden, List.of(branch.gate(), branch.up()));
            blocks(count, (at, n) -> moments.add(each(s -> s.branchInput(visitors, at, n)), n, kernels));
            visit(List.of(branch.gate(), branch.up()), moments, "");
        }
        int width = branch.inner();
        try (Rooms rooms = new Rooms(each(s -> s.wide(width)))) {
            // Of several branches none can make up for the stream alone.
            boolean alone = branch.route() instanceof Route.All;
            Moments moments = !enough
                    ? moments(0, List.of())
                    : alone ? moments(branch.down()) : moments(width, List.of(branch.down()));
            blocks(count, (at, n) -> {
                List<float[]> inner = each(rooms, (s, w) -> s.inner(branch, visitors, at, n, w));
                add(moments, inner, n, rooms);
                if (moments.residual()) {
                    moments.addResidual(each(s -> s.residual(at, n)), inner, n, kernels);
                }
            });
            remove(List.of(branch.gate(), branch.up()));
            if (enough) {
                visit(List.of(branch.down()), moments, "");
            }
            blocks(count, (at, n) -> {
                for (int i = 0; i < streams.size(); i++) {
                    streams.get(i)
                            .addBranch(branch, visitors, at, n, rooms.all().get(i), kernels);
                }
            });
        }
        remove(List.of(branch.down()));
    }

    /** Forgets matrices of every stream that are not used again. */
    private void remove(List<WeightSpec> specs) {
        streams.forEach(s -> specs.forEach(s.layer()::remove));
    }

    /** Some visitors of a branch. */
    private interface Block {
        void accept(int at, int n);
    }

    private void blocks(int count, Block body) {
        int block = files.longest();
        for (int at = 0; at < count; at += block) {
            body.accept(at, Math.min(block, count - at));
        }
    }
}
