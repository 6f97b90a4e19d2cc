package ingot.runtime.model;

import ingot.formats.hf.AttentionConfig;
import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Queries;
import ingot.runtime.kv.KvCache;
import java.util.ArrayList;
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
 * The tasks of all sequences of a chunk are shared out together.
 */
final class Attention implements Mixer {
    /** Query rows that make a task: enough for what is read of the cache to be used often, few enough to stay near. */
    private static final int ROWS = 32;

    private final Kernels kernels;
    private final Scratch scratch;
    private final Rotary rotary;
    private final Weights weights;
    private final AttentionConfig config;
    private final int layer;
    private final int window;
    private final int logn;
    private final float scale;
    private final int queryStride;
    private final int ratio;
    private final IntConsumer prepare = this::prepareToken;
    private final IntConsumer attend = this::attendSpan;
    private final IntConsumer merge = this::mergeSpans;
    private float[] query = {};
    private float[] key = {};
    private float[] mixed = {};
    private List<Queries> queries = List.of();
    private Chunk chunk = new Chunk();
    private final List<Share> shares = new ArrayList<>();

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

    /** How the work for one sequence is cut: a task for every group of rows and every span of the cache. */
    private static final class Share {
        private int first;
        private int tokens;
        private int position;
        private int groupTokens;
        private int groups;
        private int spans;
        private int firstTask;
        private int firstGroup;
    }

    Attention(DecoderParts parts, Weights weights, AttentionConfig config, int layer) {
        this.kernels = parts.kernels();
        this.scratch = parts.scratch();
        this.rotary = parts.rotary();
        this.weights = weights;
        this.config = config;
        this.layer = layer;
        this.window = config.windows().get(layer);
        this.logn = config.lognLength().orElse(Integer.MAX_VALUE);
        this.scale = (float) (1 / Math.sqrt(config.headDim()));
        this.queryStride = config.projections().outputGate() ? 2 * config.headDim() : config.headDim();
        this.ratio = config.heads() / config.kvHeads();
    }

    @Override
    public void mix(Chunk rows, float[] x, float[] out) {
        chunk = rows;
        int tokens = chunk.tokens();
        query = scratch.rows(Scratch.Slot.QUERY, tokens, config.queryRows());
        key = scratch.rows(Scratch.Slot.KEY, tokens, config.kvDim());
        float[] value = scratch.rows(Scratch.Slot.VALUE, tokens, config.kvDim());
        mixed = out;
        weights.qkv().apply(kernels, scratch, x, tokens, new QkvProjection.Heads(query, key, value));
        kernels.parallel(tokens, prepare);
        int tasks = 0;
        int groups = 0;
        for (int i = 0; i < chunk.sequences(); i++) {
            Segment segment = chunk.segment(i);
            segment.memory().cache(layer).append(key, value, segment.first(), segment.tokens());
            Share share = share(i, segment);
            share.firstTask = tasks;
            share.firstGroup = groups;
            tasks += share.groups * share.spans;
            groups += share.groups;
        }
        queries = scratch.queries(tasks);
        kernels.parallel(tasks, attend);
        if (tasks > groups) {
            kernels.parallel(groups, merge);
        }
    }

    private Share share(int sequence, Segment segment) {
        if (sequence == shares.size()) {
            shares.add(new Share());
        }
        Share s = shares.get(sequence);
        s.first = segment.first();
        s.tokens = segment.tokens();
        s.position = segment.position();
        s.groupTokens = Math.clamp(ROWS / ratio, 1, s.tokens);
        s.groups = config.kvHeads() * Math.ceilDiv(s.tokens, s.groupTokens);
        s.spans = s.tokens > s.groupTokens ? 1 : block(s.position + s.tokens - 1) - block(firstVisible(s.position)) + 1;
        return s;
    }

    @Override
    public int mixedWidth() {
        return config.queryDim();
    }

    /** Norms and rotates every head of one token. */
    private void prepareToken(int t) {
        prepareHeads(weights.queryNorm(), query, t, config.heads(), queryStride);
        prepareHeads(weights.keyNorm(), key, t, config.kvHeads(), config.headDim());
        int length = chunk.position(t) + 1;
        if (length > logn) {
            // Rounded to f32 before the product, as in the reference's table.
            float factor = (float) (Math.log(length) / Math.log(logn));
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
        int i = chunk.sequences() - 1;
        while (shares.get(i).firstTask > task) {
            i--;
        }
        Share share = shares.get(i);
        KvCache cache = chunk.segment(i).memory().cache(layer);
        int group = (task - share.firstTask) % share.groups;
        int first = group / config.kvHeads() * share.groupTokens;
        int end = Math.min(first + share.groupTokens, share.tokens);
        Queries found = queries.get(task);
        found.clear((end - first) * ratio, cache.shape());
        for (int row = 0; row < (end - first) * ratio; row++) {
            int last = share.position + first + row / ratio;
            found.set(row, query, head(share, group, row) * queryStride, scale);
            found.see(row, firstVisible(last), last);
        }
        int from = firstVisible(share.position + first);
        int to = share.position + end;
        if (share.spans > 1) {
            int start = (block(from) + (task - share.firstTask) / share.groups) * AttentionKernel.BLOCK;
            from = Math.max(from, start);
            to = Math.min(to, start + AttentionKernel.BLOCK);
        }
        kernels.attention().attend(found, cache, group % config.kvHeads(), from, to);
        if (share.spans == 1) {
            finish(share, group, found);
        }
    }

    /** What a group of any sequence found in the spans of its cache. */
    private void mergeSpans(int number) {
        int i = chunk.sequences() - 1;
        while (shares.get(i).firstGroup > number) {
            i--;
        }
        Share share = shares.get(i);
        if (share.spans == 1) {
            return;
        }
        int group = number - share.firstGroup;
        Queries found = queries.get(share.firstTask + group);
        for (int span = 1; span < share.spans; span++) {
            found.absorb(queries.get(share.firstTask + span * share.groups + group));
        }
        finish(share, group, found);
    }

    private void finish(Share share, int group, Queries found) {
        for (int row = 0; row < found.rows(); row++) {
            int head = head(share, group, row);
            int at = head * config.headDim();
            found.result(row, mixed, at);
            if (config.projections().outputGate()) {
                int gate = head * queryStride + config.headDim();
                kernels.ops().sigmoidMul(query, gate, mixed, at, config.headDim());
            }
        }
    }

    /** Query head of a row of a group, counted through all tokens of the chunk. */
    private int head(Share share, int group, int row) {
        int token = share.first + group / config.kvHeads() * share.groupTokens + row / ratio;
        return token * config.heads() + group % config.kvHeads() * ratio + row % ratio;
    }

    private int firstVisible(int last) {
        return window == 0 ? 0 : Math.max(0, last - window + 1);
    }

    private static int block(int position) {
        return position / AttentionKernel.BLOCK;
    }
}
