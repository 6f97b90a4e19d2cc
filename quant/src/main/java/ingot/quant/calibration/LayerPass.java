package ingot.quant.calibration;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.StagedLayer;
import ingot.runtime.model.StagedLayer.Branch;
import ingot.runtime.model.StagedLayer.Route;
import ingot.runtime.model.StagedLayer.Routes;
import ingot.runtime.model.WeightSpec;
import java.util.Arrays;
import java.util.List;

/**
 * Takes sequences through one layer, true-sequentially: each matrix is visited, and may be rounded, on what the
 * matrices before it make of the sequences. Every linear layer runs once; between two of them the activations lie in
 * files.
 */
final class LayerPass {
    private final StagedLayer layer;
    private final Activations files;
    private final Kernels kernels;
    private final Visit visit;
    private final int hidden;
    private final float[] residual;
    private final float[] normed;

    LayerPass(StagedLayer layer, Activations files, Kernels kernels, Visit visit) {
        this.layer = layer;
        this.files = files;
        this.kernels = kernels;
        this.visit = visit;
        this.hidden = files.residual().width();
        this.residual = new float[files.longest() * hidden];
        this.normed = new float[files.longest() * hidden];
    }

    /** Passes the layer and leaves its outputs in {@link Activations#residual}. */
    void run() {
        mixerInput();
        mixerOutput();
        Routing routing = feedInput();
        if (routing.perToken() > 0) {
            visit.routed(tokensOfExperts(routing));
        }
        for (Branch branch : layer.branches()) {
            feedForward(branch, routing);
        }
    }

    private float[] hessian(int n) {
        return Site.hessian(visit.wantsHessian() ? n : 0);
    }

    private void gram(float[] x, int tokens, int n, float[] h) {
        if (visit.wantsHessian()) {
            kernels.blas().gram(x, tokens, n, h);
        }
    }

    private void mixerInput() {
        float[] h = hessian(hidden);
        files.forEach((first, n) -> {
            files.residual().read(first, n, residual);
            layer.mixerInput(residual, n, normed);
            gram(normed, n, hidden, h);
        });
        visit.matrices(layer.mixerInputs(), h, "", layer);
    }

    private void mixerOutput() {
        int width = layer.mixedWidth();
        float[] mixed = new float[files.longest() * width];
        float[] h = hessian(width);
        try (RowFile wide = files.wide(width)) {
            files.forEach((first, n) -> {
                files.residual().read(first, n, residual);
                layer.mixerInput(residual, n, normed);
                layer.mix(normed, n, mixed);
                gram(mixed, n, width, h);
                wide.write(first, n, mixed);
            });
            visit.matrices(List.of(layer.mixerOutput()), h, "", layer);
            files.forEach((first, n) -> {
                wide.read(first, n, mixed);
                files.residual().read(first, n, residual);
                layer.addMixed(mixed, n, residual);
                files.residual().write(first, n, residual);
            });
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
            files.residual().read(first, n, residual);
            layer.feedInput(residual, n, normed);
            files.normed().write(first, n, normed);
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
        int[] tokens = new int[Math.toIntExact(layer.branches().stream()
                .filter(b -> b.route() instanceof Route.Expert)
                .count())];
        for (int expert : routing.experts()) {
            tokens[expert]++;
        }
        return tokens;
    }

    /** The tokens of a branch and how much of its output each takes. */
    @SuppressWarnings("ArrayRecordComponent") // results, never compared
    private record Visitors(int[] tokens, float[] shares) {}

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
        int count = visitors.tokens().length;
        boolean enough = count >= LayerExperts.least(files.tokens());
        String note = enough ? "" : TensorSink.NEAREST + "its expert saw " + count + " of " + files.tokens() + " tokens";
        int block = files.longest();
        if (!enough) {
            visit.matrices(List.of(branch.gate(), branch.up(), branch.down()), null, note, layer);
        } else {
            float[] h = hessian(hidden);
            for (int at = 0; at < count; at += block) {
                int n = Math.min(block, count - at);
                files.normed().gather(visitors.tokens(), at, n, normed);
                gram(normed, n, hidden, h);
            }
            visit.matrices(List.of(branch.gate(), branch.up()), h, "", layer);
        }
        int width = branch.inner();
        float[] inner = new float[block * width];
        try (RowFile wide = files.wide(width)) {
            float[] h = hessian(enough ? width : 0);
            for (int at = 0; at < count; at += block) {
                int n = Math.min(block, count - at);
                files.normed().gather(visitors.tokens(), at, n, normed);
                layer.inner(branch, normed, n, inner);
                wide.write(at, n, inner);
                if (enough) {
                    gram(inner, n, width, h);
                }
            }
            if (enough) {
                visit.matrices(List.of(branch.down()), h, "", layer);
            }
            for (int at = 0; at < count; at += block) {
                int n = Math.min(block, count - at);
                wide.read(at, n, inner);
                layer.down(branch, inner, n, normed);
                files.residual().gather(visitors.tokens(), at, n, residual);
                for (int i = 0; i < n; i++) {
                    kernels.ops().axpy(visitors.shares()[at + i], normed, i * hidden, residual, i * hidden, hidden);
                }
                files.residual().scatter(visitors.tokens(), at, n, residual);
            }
        }
        for (WeightSpec spec : List.of(branch.gate(), branch.up(), branch.down())) {
            layer.remove(spec);
        }
    }
}
