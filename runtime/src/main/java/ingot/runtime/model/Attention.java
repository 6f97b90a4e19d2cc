package ingot.runtime.model;

import ingot.formats.hf.AttentionConfig;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Ops;
import ingot.runtime.kv.F32KvCache;
import ingot.runtime.kv.KvCache;
import ingot.runtime.kv.LayerState;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Causal grouped-query attention (Ainslie et al. 2023) with optional norms on q and k, rotary embedding,
 * LogN scaling, sliding window and a gate on what every head found.
 *
 * <p>Work is split by query head and blocks of tokens, never along a sum: results do not depend on the number of threads.
 */
final class Attention implements Mixer {
    /** Parallel tasks per head at most: each has a row of scores as long as the context. */
    private static final int BLOCKS = 4;

    private final Kernels kernels;
    private final Scratch scratch;
    private final Rotary rotary;
    private final Weights weights;
    private final AttentionConfig config;
    private final int window;
    private final int logn;
    private final float scale;
    private final int queryStride;
    private final KvCache cache;
    private final IntConsumer prepare = this::prepareToken;
    private final IntConsumer attend = this::attendBlock;
    private float[] query = {};
    private float[] key = {};
    private float[] mixed = {};
    private float[] scores = {};
    private int position;
    private int tokens;
    private int blockTokens;
    private int scoresStride;

    /**
     * The projections, and the norms over one head [headDim] where the family has them.
     *
     * @param queryNorm applied to every query head
     * @param keyNorm applied to every key head
     */
    record Weights(
            QkvProjection qkv,
            @Nullable RmsNorm queryNorm,
            @Nullable RmsNorm keyNorm) {}

    Attention(SessionParts parts, Weights weights, AttentionConfig config, int layer) {
        this.kernels = parts.kernels();
        this.scratch = parts.scratch();
        this.rotary = parts.rotary();
        this.weights = weights;
        this.config = config;
        this.window = config.windows().get(layer);
        this.logn = config.lognLength().orElse(Integer.MAX_VALUE);
        this.scale = (float) (1 / Math.sqrt(config.headDim()));
        this.queryStride = config.projections().outputGate() ? 2 * config.headDim() : config.headDim();
        this.cache = new F32KvCache(config.kvHeads(), config.headDim());
    }

    @Override
    public void mix(Chunk chunk, float[] x, float[] out) {
        position = chunk.position();
        tokens = chunk.tokens();
        query = scratch.rows(Scratch.Slot.QUERY, tokens, config.queryRows());
        key = scratch.rows(Scratch.Slot.KEY, tokens, config.kvDim());
        float[] value = scratch.rows(Scratch.Slot.VALUE, tokens, config.kvDim());
        mixed = out;
        weights.qkv().apply(kernels, scratch, x, tokens, new QkvProjection.Heads(query, key, value));
        kernels.parallel(tokens, prepare);
        cache.append(key, value, tokens);
        blockTokens = Math.ceilDiv(tokens, BLOCKS);
        int tasks = config.heads() * Math.ceilDiv(tokens, blockTokens);
        scoresStride = (pageOf(position + tokens - 1) - pageOf(firstVisible(position)) + 1) * KvCache.PAGE;
        scores = scratch.rows(Scratch.Slot.SCORES, tasks, scoresStride);
        kernels.parallel(tasks, attend);
    }

    @Override
    public int mixedWidth() {
        return config.queryDim();
    }

    /** Norms and rotates every head of one token. */
    private void prepareToken(int t) {
        prepareHeads(weights.queryNorm(), query, t, config.heads(), queryStride);
        prepareHeads(weights.keyNorm(), key, t, config.kvHeads(), config.headDim());
        if (position + t + 1 > logn) {
            // Rounded to f32 before the product, as in the reference's table.
            float factor = (float) (Math.log(position + t + 1) / Math.log(logn));
            for (int h = 0; h < config.heads(); h++) {
                int at = (t * config.heads() + h) * queryStride;
                for (int i = at; i < at + config.headDim(); i++) {
                    query[i] *= factor;
                }
            }
        }
    }

    private void prepareHeads(@Nullable RmsNorm norm, float[] x, int t, int heads, int stride) {
        for (int h = 0; h < heads; h++) {
            int at = (t * heads + h) * stride;
            if (norm != null) {
                norm.applyInPlace(x, at);
            }
            rotary.apply(kernels.ops(), t, x, at);
        }
    }

    private void attendBlock(int task) {
        int head = task % config.heads();
        int first = task / config.heads() * blockTokens;
        int end = Math.min(first + blockTokens, tokens);
        for (int t = first; t < end; t++) {
            attend(head, t, task * scoresStride);
        }
    }

    /**
     * One query head of one token over all visible positions.
     *
     * @param at where this task's row of scores begins; its first entry is the first position of the first visible page
     */
    private void attend(int head, int t, int at) {
        Ops ops = kernels.ops();
        int row = (t * config.heads() + head) * config.headDim();
        int queryRow = (t * config.heads() + head) * queryStride;
        int kvHead = head / (config.heads() / config.kvHeads());
        int last = position + t;
        int hidden = firstVisible(last) % KvCache.PAGE;
        int firstPage = pageOf(firstVisible(last));
        int visible = last - firstPage * KvCache.PAGE + 1;
        for (int from = 0; from < visible; from += KvCache.PAGE) {
            int n = Math.min(visible - from, KvCache.PAGE);
            ops.scores(
                    query, queryRow, cache.keys(firstPage + from / KvCache.PAGE, kvHead), n, scale, scores, at + from);
        }
        // Positions of the first page that left the window get no weight.
        Arrays.fill(scores, at, at + hidden, Float.NEGATIVE_INFINITY);
        ops.softmax(scores, at, visible);
        Arrays.fill(mixed, row, row + config.headDim(), 0);
        for (int from = 0; from < visible; from += KvCache.PAGE) {
            int n = Math.min(visible - from, KvCache.PAGE);
            ops.accumulate(scores, at + from, cache.values(firstPage + from / KvCache.PAGE, kvHead), n, mixed, row);
        }
        if (config.projections().outputGate()) {
            ops.sigmoidMul(query, queryRow + config.headDim(), mixed, row, config.headDim());
        }
    }

    private int firstVisible(int last) {
        return window == 0 ? 0 : Math.max(0, last - window + 1);
    }

    private static int pageOf(int position) {
        return position / KvCache.PAGE;
    }

    @Override
    public LayerState state() {
        return cache;
    }
}
