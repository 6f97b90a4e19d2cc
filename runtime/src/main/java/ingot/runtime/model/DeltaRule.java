package ingot.runtime.model;

import ingot.formats.hf.DeltaNetConfig;
import ingot.runtime.kernel.KvRows;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kv.DeltaState;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The gated delta rule. Per value head and token, with q and k normed, decay e and update strength β:
 *
 * <pre>
 *   S ← e·S;   δ = β·(v − Sᵀk);   S ← S + k ⊗ δ;   o = Sᵀq
 * </pre>
 *
 * <p>One token is computed like that. Several are computed {@value #CHUNK} at a time from the state S before them, so that S
 * is read and written once per chunk rather than per token: with Dᵢⱼ = e(j+1)·…·eᵢ and Pᵢ = e₁·…·eᵢ,
 *
 * <pre>
 *   δᵢ = βᵢ·(vᵢ − Pᵢ·Sᵀkᵢ) − Σ(j&lt;i) βᵢ·Dᵢⱼ·(kᵢ·kⱼ)·δⱼ
 *   oᵢ = Pᵢ·Sᵀqᵢ + Σ(j≤i) Dᵢⱼ·(qᵢ·kⱼ)·δⱼ
 *   S ← Pₙ·S + Σ(j≤n) Dₙⱼ·kⱼ ⊗ δⱼ
 * </pre>
 *
 * which is the same sum in another order. Every factor is at most 1. One task is one value head of one sequence. Chunks begin
 * at multiples of {@value #CHUNK} of the tokens it is given: a text cut at other places gives other bits.
 */
final class DeltaRule {
    /** Tokens of a sequence that are computed together. */
    static final int CHUNK = 16;

    private final DecoderParts parts;
    private final DeltaNetConfig config;
    private final int layer;
    private final IntConsumer head = this::head;
    private Chunk rows = new Chunk();
    private Inputs inputs = new Inputs(NONE, NONE, NONE);
    private float[] out = NONE;
    private float[] work = NONE;
    private int workPerHead;

    private static final float[] NONE = {};

    /**
     * What goes in.
     *
     * @param qkv [tokens][channels], q normed and scaled, k normed
     * @param decay e [tokens][valueHeads]
     * @param beta β [tokens][valueHeads]
     */
    @SuppressWarnings("ArrayRecordComponent") // buffers, never compared
    record Inputs(float[] qkv, float[] decay, float[] beta) {}

    DeltaRule(DecoderParts parts, DeltaNetConfig config, int layer) {
        this.parts = parts;
        this.config = config;
        this.layer = layer;
    }

    /** Runs the tokens of every sequence from its state's source to its target; newOut [tokens][valueWidth]. */
    void run(Chunk chunk, Inputs newInputs, float[] newOut) {
        rows = chunk;
        inputs = newInputs;
        out = newOut;
        int longest = 0;
        for (int i = 0; i < chunk.sequences(); i++) {
            longest = Math.max(longest, chunk.segment(i).tokens());
        }
        int together = Math.min(longest, CHUNK);
        workPerHead = together == 1 ? config.valueDim() : together * (3 * config.keyDim() + config.valueDim() + 2);
        int tasks = Math.multiplyExact(chunk.sequences(), config.valueHeads());
        work = parts.scratch().rows(Scratch.Slot.SCORES, tasks, workPerHead);
        parts.kernels().parallel(tasks, head);
    }

    /** One head of one sequence. */
    private void head(int task) {
        Segment segment = rows.segment(task / config.valueHeads());
        DeltaState state = segment.memory().recurrent(layer);
        int h = task % config.valueHeads();
        KvRows now = state.target().matrix(h);
        for (int from = 0; from < segment.tokens(); from += CHUNK) {
            int n = Math.min(CHUNK, segment.tokens() - from);
            KvRows old = from == 0 ? state.source().matrix(h) : now;
            if (n == 1) {
                step(h, segment.first() + from, task * workPerHead, old, now);
            } else {
                chunk(h, segment.first() + from, n, task * workPerHead, old, now);
            }
        }
    }

    /** One token, as the formula stands; {@code delta} is where the task may work. */
    private void step(int h, int t, int delta, KvRows old, KvRows now) {
        Ops ops = parts.kernels().ops();
        int key = keyAt(h, t);
        int gates = t * config.valueHeads() + h;
        float decay = inputs.decay[gates];
        recall(ops, inputs.qkv, key, old, work, delta);
        correct(h, t, delta, decay);
        fade(old, now, decay);
        for (int d = 0; d < config.keyDim(); d++) {
            int row = now.at() + d * config.valueDim();
            ops.axpy(inputs.qkv[key + d], work, delta, now.data(), row, config.valueDim());
        }
        recall(ops, inputs.qkv, queryAt(h, t), now, out, outAt(h, t));
    }

    /** Sᵀx → to. */
    private void recall(Ops ops, float[] x, int at, KvRows state, float[] to, int toAt) {
        Arrays.fill(to, toAt, toAt + config.valueDim(), 0);
        ops.accumulate(x, at, state, config.keyDim(), to, toAt);
    }

    /** β·(v − decay·work) in place of work. */
    private void correct(int h, int t, int at, float decay) {
        float beta = inputs.beta[t * config.valueHeads() + h];
        int value = t * config.channels() + 2 * config.keyWidth() + h * config.valueDim();
        float[] qkv = inputs.qkv;
        for (int i = 0; i < config.valueDim(); i++) {
            work[at + i] = beta * (qkv[value + i] - decay * work[at + i]);
        }
    }

    /** now = decay·old, all of a head; both lie at the same place of their arrays, which may be one. */
    private void fade(KvRows old, KvRows now, float decay) {
        float[] from = old.data();
        float[] to = now.data();
        int end = now.at() + config.keyDim() * config.valueDim();
        for (int i = now.at(); i < end; i++) {
            to[i] = decay * from[i];
        }
    }

    /** Several tokens at once; {@code keys} is where the task may work. */
    private void chunk(int h, int from, int n, int keys, KvRows old, KvRows now) {
        Ops ops = parts.kernels().ops();
        int dim = config.keyDim();
        int width = config.valueDim();
        // Copies without gaps: rows of the input are a power of two apart, which caches cannot hold.
        int queries = keys + n * dim;
        int deltas = queries + n * dim;
        int scores = deltas + n * width;
        int decays = scores + n;
        int turned = decays + n;
        for (int i = 0; i < n; i++) {
            System.arraycopy(inputs.qkv, keyAt(h, from + i), work, keys + i * dim, dim);
            System.arraycopy(inputs.qkv, queryAt(h, from + i), work, queries + i * dim, dim);
        }
        KvRows keyRows = new KvRows(work, keys, dim, dim);
        KvRows deltaRows = new KvRows(work, deltas, width, width);
        float product = 1;
        for (int i = 0; i < n; i++) {
            int t = from + i;
            float decay = inputs.decay[t * config.valueHeads() + h];
            product *= decay;
            scale(decays, decay, i);
            work[decays + i] = 1;
            int delta = deltas + i * width;
            recall(ops, work, keys + i * dim, old, work, delta);
            correct(h, t, delta, product);
            ops.scores(work, keys + i * dim, keyRows, i, -inputs.beta[t * config.valueHeads() + h], work, scores);
            multiply(scores, decays, i);
            ops.accumulate(work, scores, deltaRows, i, work, delta);
            int o = outAt(h, t);
            recall(ops, work, queries + i * dim, old, out, o);
            for (int j = 0; j < width; j++) {
                out[o + j] *= product;
            }
            ops.scores(work, queries + i * dim, keyRows, i + 1, 1, work, scores);
            multiply(scores, decays, i + 1);
            ops.accumulate(work, scores, deltaRows, i + 1, out, o);
        }
        for (int i = 0; i < n; i++) {
            for (int d = 0; d < dim; d++) {
                work[turned + d * n + i] = work[keys + i * dim + d] * work[decays + i];
            }
        }
        fade(old, now, product);
        for (int d = 0; d < dim; d++) {
            ops.accumulate(work, turned + d * n, deltaRows, n, now.data(), now.at() + d * width);
        }
    }

    private void scale(int at, float factor, int n) {
        for (int i = at; i < at + n; i++) {
            work[i] *= factor;
        }
    }

    private void multiply(int at, int factors, int n) {
        for (int i = 0; i < n; i++) {
            work[at + i] *= work[factors + i];
        }
    }

    private int queryAt(int h, int t) {
        return t * config.channels() + h / config.ratio() * config.keyDim();
    }

    private int keyAt(int h, int t) {
        return queryAt(h, t) + config.keyWidth();
    }

    private int outAt(int h, int t) {
        return (t * config.valueHeads() + h) * config.valueDim();
    }
}
