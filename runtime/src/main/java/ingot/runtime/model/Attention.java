package ingot.runtime.model;

import ingot.formats.hf.AttentionConfig;
import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Queries;
import ingot.runtime.kv.KvCache;
import ingot.runtime.kv.LayerState;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Causal grouped-query attention (Ainslie et al. 2023) with optional norms on q and k, rotary embedding,
 * LogN scaling, sliding window and a gate on what every head found.
 *
 * <p>A task has all query heads of one KV head for a few tokens, so that keys and values are read once for all of them. With
 * few tokens the cache is cut besides, at the blocks of {@link AttentionKernel}, and what was found in the spans is put
 * together in their order. The kernel takes blocks in one by one either way: results depend neither on the cut nor on threads.
 */
final class Attention implements Mixer {
    /** Query rows that make a task: enough for what is read of the cache to be used often, few enough to stay near. */
    private static final int ROWS = 32;

    private final Kernels kernels;
    private final Scratch scratch;
    private final Rotary rotary;
    private final Weights weights;
    private final AttentionConfig config;
    private final int window;
    private final int logn;
    private final float scale;
    private final int queryStride;
    private final int ratio;
    private final KvCache cache;
    private final IntConsumer prepare = this::prepareToken;
    private final IntConsumer attend = this::attendSpan;
    private final IntConsumer merge = this::mergeSpans;
    private float[] query = {};
    private float[] key = {};
    private float[] mixed = {};
    private List<Queries> queries = List.of();
    private int position;
    private int tokens;
    private int groupTokens;
    private int groups;
    private int spans;

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
        this.ratio = config.heads() / config.kvHeads();
        this.cache = new KvCache(parts.kvType(), config.kvHeads(), config.headDim());
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
        groupTokens = Math.clamp(ROWS / ratio, 1, tokens);
        groups = config.kvHeads() * Math.ceilDiv(tokens, groupTokens);
        spans = tokens > groupTokens ? 1 : block(position + tokens - 1) - block(firstVisible(position)) + 1;
        queries = scratch.queries(groups * spans);
        kernels.parallel(groups * spans, attend);
        if (spans > 1) {
            kernels.parallel(groups, merge);
        }
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

    /** One KV head for a group of tokens, over one span of the cache or, where there is but one, over all of it. */
    private void attendSpan(int task) {
        int group = task % groups;
        int first = firstToken(group);
        int end = Math.min(first + groupTokens, tokens);
        Queries found = queries.get(task);
        found.clear((end - first) * ratio, cache.shape());
        for (int row = 0; row < (end - first) * ratio; row++) {
            int last = position + first + row / ratio;
            found.set(row, query, head(group, row) * queryStride, scale);
            found.see(row, firstVisible(last), last);
        }
        int from = firstVisible(position + first);
        int to = position + end;
        if (spans > 1) {
            int start = (block(from) + task / groups) * AttentionKernel.BLOCK;
            from = Math.max(from, start);
            to = Math.min(to, start + AttentionKernel.BLOCK);
        }
        kernels.attention().attend(found, cache, group % config.kvHeads(), from, to);
        if (spans == 1) {
            finish(group, found);
        }
    }

    private void mergeSpans(int group) {
        Queries found = queries.get(group);
        for (int span = 1; span < spans; span++) {
            found.absorb(queries.get(span * groups + group));
        }
        finish(group, found);
    }

    private void finish(int group, Queries found) {
        for (int row = 0; row < found.rows(); row++) {
            int head = head(group, row);
            int at = head * config.headDim();
            found.result(row, mixed, at);
            if (config.projections().outputGate()) {
                int gate = head * queryStride + config.headDim();
                kernels.ops().sigmoidMul(query, gate, mixed, at, config.headDim());
            }
        }
    }

    private int firstToken(int group) {
        return group / config.kvHeads() * groupTokens;
    }

    /** Query head of a row of a group, counted through all tokens. */
    private int head(int group, int row) {
        int token = firstToken(group) + row / ratio;
        return token * config.heads() + group % config.kvHeads() * ratio + row % ratio;
    }

    private int firstVisible(int last) {
        return window == 0 ? 0 : Math.max(0, last - window + 1);
    }

    private static int block(int position) {
        return position / AttentionKernel.BLOCK;
    }

    @Override
    public LayerState state() {
        return cache;
    }
}
