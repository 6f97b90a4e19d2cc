package ingot.runtime.model;

import ingot.formats.hf.DeltaNetConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kv.DeltaState;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Gated DeltaNet (Yang, Kautz, Hatamizadeh 2024) as Qwen3-Next and Qwen3.5 have it (transformers, modeling_qwen3_next.py):
 * projections, causal depthwise convolution and silu over q, k and v, the gated delta rule per value head, RMS norm times
 * silu(z), output projection.
 *
 * <p>Work is split by tokens, channels and heads, never along a sum: results do not depend on the number of threads.
 */
final class DeltaNet implements Mixer {
    /** Channels per parallel task of the convolution: short enough to share one token's among threads. */
    private static final int BLOCK = 1024;

    /** ε of the l2 norms of q and k; a constant of the reference. */
    private static final double L2_EPSILON = 1e-6;

    private final DecoderParts parts;
    private final DeltaNetConfig config;
    private final Weights weights;
    private final DeltaRule rule;
    private final int layer;
    private final int blocks;
    private final IntConsumer convolve = this::convolveBlock;
    private final IntConsumer prepare = this::prepareToken;
    private final IntConsumer finish = this::finishToken;
    private DeltaProjections.Outputs inputs = new DeltaProjections.Outputs(NONE, NONE, NONE, NONE);
    private Chunk chunk = new Chunk();
    private float[] convolved = NONE;
    private float[] mixed = NONE;

    private static final float[] NONE = {};

    /**
     * Everything of one layer.
     *
     * @param filters taps of the convolution [kernel][channels], the newest input's last
     * @param decay A_log [valueHeads]
     * @param decayBias dt_bias [valueHeads]
     * @param norm over one value head [valueDim], without the "1 +" of the other norms
     */
    @SuppressWarnings("ArrayRecordComponent") // weights, never compared
    record Weights(DeltaProjections projections, float[] filters, float[] decay, float[] decayBias, RmsNorm norm) {}

    DeltaNet(DecoderParts parts, Weights weights, DeltaNetConfig config, int layer) {
        this.parts = parts;
        this.config = config;
        this.weights = weights;
        this.rule = new DeltaRule(parts, config, layer);
        this.layer = layer;
        this.blocks = Math.ceilDiv(config.channels(), BLOCK);
    }

    @Override
    public void mix(Chunk rows, float[] x, float[] out) {
        chunk = rows;
        int tokens = chunk.tokens();
        Kernels kernels = parts.kernels();
        Scratch scratch = parts.scratch();
        inputs = new DeltaProjections.Outputs(
                scratch.rows(Scratch.Slot.QUERY, tokens, config.channels()),
                out,
                scratch.rows(Scratch.Slot.BETA, tokens, config.valueHeads()),
                scratch.rows(Scratch.Slot.DECAY, tokens, config.valueHeads()));
        convolved = scratch.rows(Scratch.Slot.CONVOLVED, tokens, config.channels());
        mixed = scratch.rows(Scratch.Slot.RECURRED, tokens, config.valueWidth());
        weights.projections().apply(parts, x, tokens, inputs);
        kernels.parallel(tokens * blocks, convolve);
        for (int i = 0; i < chunk.sequences(); i++) {
            slideWindow(chunk.segment(i));
        }
        kernels.parallel(tokens, prepare);
        rule.run(chunk, new DeltaRule.Inputs(convolved, inputs.a(), inputs.b()), mixed);
        for (int i = 0; i < chunk.sequences(); i++) {
            state(chunk.segment(i)).advance(chunk.segment(i).tokens());
        }
        kernels.parallel(tokens, finish);
    }

    @Override
    public int mixedWidth() {
        return config.valueWidth();
    }

    /** out[t] = silu(Σ taps[j] · in[t − kernel + 1 + j]) for a block of channels of one token. */
    private void convolveBlock(int task) {
        int t = task / blocks;
        int first = task % blocks * BLOCK;
        int n = Math.min(BLOCK, config.channels() - first);
        int at = t * config.channels() + first;
        Arrays.fill(convolved, at, at + n, 0);
        int back = config.kernel() - 1;
        Segment segment = chunk.owner(t);
        int start = segment.first();
        float[] window = state(segment).source().window();
        for (int j = 0; j < config.kernel(); j++) {
            int row = t - back + j;
            float[] from = row < start ? window : inputs.qkv();
            int fromAt = (row < start ? back + row - start : row) * config.channels() + first;
            addProduct(weights.filters(), j * config.channels() + first, from, fromAt, at, n);
        }
        parts.kernels().ops().sigmoidMul(convolved, at, convolved, at, n);
    }

    private void addProduct(float[] filter, int filterAt, float[] from, int fromAt, int at, int n) {
        float[] out = convolved;
        for (int c = 0; c < n; c++) {
            out[at + c] += filter[filterAt + c] * from[fromAt + c];
        }
    }

    private DeltaState state(Segment segment) {
        return segment.memory().recurrent(layer);
    }

    /**
     * The last inputs of a sequence in this chunk are what its next ones look back at. Rows move towards the front: in place
     * is safe.
     */
    private void slideWindow(Segment segment) {
        int width = config.channels();
        int rows = config.kernel() - 1;
        DeltaState state = state(segment);
        float[] old = state.source().window();
        float[] window = state.target().window();
        for (int i = 0; i < rows; i++) {
            int row = segment.tokens() - rows + i;
            if (row < 0) {
                System.arraycopy(old, (rows + row) * width, window, i * width, width);
            } else {
                System.arraycopy(inputs.qkv(), (segment.first() + row) * width, window, i * width, width);
            }
        }
    }

    /** Norms q and k of one token, and makes the gates of its value heads: factors of decay into a, of update into b. */
    private void prepareToken(int t) {
        int at = t * config.channels();
        for (int head = 0; head < config.keyHeads(); head++) {
            normalize(at + head * config.keyDim(), 1 / Math.sqrt(config.keyDim()));
            normalize(at + config.keyWidth() + head * config.keyDim(), 1);
        }
        float[] a = inputs.a();
        float[] b = inputs.b();
        for (int head = 0; head < config.valueHeads(); head++) {
            int i = t * config.valueHeads() + head;
            double rate = Math.exp(weights.decay()[head]);
            a[i] = (float) Math.exp(-rate * softplus((double) a[i] + weights.decayBias()[head]));
            b[i] = (float) (1 / (1 + Math.exp(-(double) b[i])));
        }
    }

    /** x · scale ÷ √(Σx² + ε) over one head. */
    private void normalize(int at, double scale) {
        int n = config.keyDim();
        double square = parts.kernels().ops().dot(convolved, at, convolved, at, n);
        float factor = (float) (scale / Math.sqrt(square + L2_EPSILON));
        for (int i = at; i < at + n; i++) {
            convolved[i] *= factor;
        }
    }

    private static double softplus(double x) {
        return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
    }

    /** norm(o) · silu(z) per value head, into z. */
    private void finishToken(int t) {
        Ops ops = parts.kernels().ops();
        int dim = config.valueDim();
        for (int head = 0; head < config.valueHeads(); head++) {
            weights.norm().applyInPlace(mixed, (t * config.valueHeads() + head) * dim);
        }
        int at = t * config.valueWidth();
        ops.siluMul(inputs.z(), at, mixed, at, config.valueWidth());
    }
}
