package ingot.tests.model;

import java.util.Arrays;
import java.util.Map;

/**
 * The Qwen3-Next and Qwen3.5 decoders, written down from their formulas in double precision. Shares no code
 * with the runtime: no cache, no chunks, the state of every head carried token by token.
 */
final class NaiveHybrid {
    /**
     * Hyper-parameters.
     *
     * @param linear per layer whether it is a gated DeltaNet
     * @param rotary numbers of a head that are rotated
     */
    record Shape(
            boolean[] linear, int hidden, int heads, int kvHeads, int headDim, int rotary, int vocab, Delta delta) {}

    /** A gated DeltaNet; {@code grouped} packs its projections by key head. */
    record Delta(int keyHeads, int valueHeads, int keyDim, int valueDim, int kernel, boolean grouped) {
        int keyWidth() {
            return keyHeads * keyDim;
        }

        int valueWidth() {
            return valueHeads * valueDim;
        }
    }

    private static final double EPS = 1e-6;
    private static final double THETA = 10_000;

    private final Shape shape;
    private final String prefix;
    private final Map<String, double[]> weights;
    private FeedForward feedForward = this::mlp;

    /** The feed-forward layer whose names begin with {@code prefix}. */
    interface FeedForward {
        double[] of(String prefix, double[] x);
    }

    NaiveHybrid(Shape shape, String prefix, Map<String, double[]> weights) {
        this.shape = shape;
        this.prefix = prefix;
        this.weights = weights;
    }

    /** Layers that have a router choose {@code count} experts. */
    NaiveHybrid experts(int count, boolean normalized) {
        var none = new NaiveQwen.Shape(0, shape.hidden, 1, 1, 2, shape.vocab, new int[0]);
        feedForward = new NaiveQwen(none, (pair, position, length) -> 0, 1, false, weights).experts(count, normalized)
                ::feedForward;
        return this;
    }

    /** Logits [tokens][vocab]. */
    double[] logits(int[] ids) {
        int n = ids.length;
        double[][] x = new double[n][];
        for (int t = 0; t < n; t++) {
            int from = ids[t] * shape.hidden;
            x[t] = Arrays.copyOfRange(weights.get(prefix + "embed_tokens.weight"), from, from + shape.hidden);
        }
        for (int layer = 0; layer < shape.linear.length; layer++) {
            String p = prefix + "layers." + layer + ".";
            double[][] a = new double[n][];
            for (int t = 0; t < n; t++) {
                a[t] = offsetNorm(x[t], p + "input_layernorm.weight");
            }
            double[][] mixed = shape.linear[layer] ? delta(p + "linear_attn.", a) : attention(p + "self_attn.", a);
            for (int t = 0; t < n; t++) {
                NaiveQwen.add(x[t], mixed[t]);
                double[] m = offsetNorm(x[t], p + "post_attention_layernorm.weight");
                NaiveQwen.add(x[t], feedForward.of(p + "mlp.", m));
            }
        }
        double[] logits = new double[n * shape.vocab];
        for (int t = 0; t < n; t++) {
            double[] row = linear("lm_head", offsetNorm(x[t], prefix + "norm.weight"));
            System.arraycopy(row, 0, logits, t * shape.vocab, shape.vocab);
        }
        return logits;
    }

    private double[] mlp(String p, double[] x) {
        double[] gate = linear(p + "gate_proj", x);
        double[] up = linear(p + "up_proj", x);
        for (int i = 0; i < gate.length; i++) {
            gate[i] = silu(gate[i]) * up[i];
        }
        return linear(p + "down_proj", gate);
    }

    /** q, k, v, z [valueHeads] … of one token, before the convolution. */
    private record Projected(double[] qkv, double[] z, double[] b, double[] a) {}

    private Projected project(String p, double[] x) {
        Delta d = shape.delta;
        if (!d.grouped) {
            return new Projected(
                    linear(p + "in_proj_qkv", x),
                    linear(p + "in_proj_z", x),
                    linear(p + "in_proj_b", x),
                    linear(p + "in_proj_a", x));
        }
        double[] qkvz = linear(p + "in_proj_qkvz", x);
        double[] ba = linear(p + "in_proj_ba", x);
        int r = d.valueHeads / d.keyHeads;
        double[] qkv = new double[2 * d.keyWidth() + d.valueWidth()];
        double[] z = new double[d.valueWidth()];
        double[] b = new double[d.valueHeads];
        double[] a = new double[d.valueHeads];
        int group = 2 * d.keyDim + 2 * r * d.valueDim;
        for (int g = 0; g < d.keyHeads; g++) {
            for (int i = 0; i < d.keyDim; i++) {
                qkv[g * d.keyDim + i] = qkvz[g * group + i];
                qkv[d.keyWidth() + g * d.keyDim + i] = qkvz[g * group + d.keyDim + i];
            }
            for (int i = 0; i < r * d.valueDim; i++) {
                qkv[2 * d.keyWidth() + g * r * d.valueDim + i] = qkvz[g * group + 2 * d.keyDim + i];
                z[g * r * d.valueDim + i] = qkvz[g * group + 2 * d.keyDim + r * d.valueDim + i];
            }
            for (int j = 0; j < r; j++) {
                b[g * r + j] = ba[g * 2 * r + j];
                a[g * r + j] = ba[g * 2 * r + r + j];
            }
        }
        return new Projected(qkv, z, b, a);
    }

    private double[][] delta(String p, double[][] x) {
        Delta d = shape.delta;
        Projected[] in = new Projected[x.length];
        double[][] out = new double[x.length][];
        double[][][] state = new double[d.valueHeads][d.keyDim][d.valueDim];
        double[] taps = weights.get(p + "conv1d.weight");
        for (int t = 0; t < x.length; t++) {
            in[t] = project(p, x[t]);
            double[] qkv = new double[in[t].qkv.length];
            for (int c = 0; c < qkv.length; c++) {
                double sum = 0;
                for (int j = 0; j < d.kernel; j++) {
                    int from = t - d.kernel + 1 + j;
                    sum += from < 0 ? 0 : taps[c * d.kernel + j] * in[from].qkv[c];
                }
                qkv[c] = silu(sum);
            }
            double[] o = new double[d.valueWidth()];
            for (int h = 0; h < d.valueHeads; h++) {
                int group = h / (d.valueHeads / d.keyHeads);
                double[] q = unit(qkv, group * d.keyDim, d.keyDim);
                double[] k = unit(qkv, d.keyWidth() + group * d.keyDim, d.keyDim);
                double a = in[t].a[h] + weights.get(p + "dt_bias")[h];
                double g = -Math.exp(weights.get(p + "A_log")[h]) * Math.log1p(Math.exp(a));
                double beta = 1 / (1 + Math.exp(-in[t].b[h]));
                for (int j = 0; j < d.valueDim; j++) {
                    double recalled = 0;
                    for (int i = 0; i < d.keyDim; i++) {
                        state[h][i][j] *= Math.exp(g);
                        recalled += state[h][i][j] * k[i];
                    }
                    double change = (qkv[2 * d.keyWidth() + h * d.valueDim + j] - recalled) * beta;
                    for (int i = 0; i < d.keyDim; i++) {
                        state[h][i][j] += k[i] * change;
                        o[h * d.valueDim + j] += state[h][i][j] * q[i] / Math.sqrt(d.keyDim);
                    }
                }
                double square = 0;
                for (int j = 0; j < d.valueDim; j++) {
                    square += o[h * d.valueDim + j] * o[h * d.valueDim + j];
                }
                double scale = 1 / Math.sqrt(square / d.valueDim + EPS);
                for (int j = 0; j < d.valueDim; j++) {
                    int i = h * d.valueDim + j;
                    o[i] = o[i] * scale * weights.get(p + "norm.weight")[j] * silu(in[t].z[i]);
                }
            }
            out[t] = linear(p + "out_proj", o);
        }
        return out;
    }

    private double[][] attention(String p, double[][] x) {
        int d = shape.headDim;
        double[][] q = new double[x.length][];
        double[][] k = new double[x.length][];
        double[][] v = new double[x.length][];
        double[][] out = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            q[t] = linear(p + "q_proj", x[t]);
            k[t] = linear(p + "k_proj", x[t]);
            v[t] = linear(p + "v_proj", x[t]);
            for (int h = 0; h < shape.heads; h++) {
                prepare(q[t], 2 * h * d, weights.get(p + "q_norm.weight"), t);
            }
            for (int h = 0; h < shape.kvHeads; h++) {
                prepare(k[t], h * d, weights.get(p + "k_norm.weight"), t);
            }
            double[] mixed = new double[shape.heads * d];
            for (int h = 0; h < shape.heads; h++) {
                int kv = h / (shape.heads / shape.kvHeads) * d;
                double[] weight = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double dot = 0;
                    for (int i = 0; i < d; i++) {
                        dot += q[t][2 * h * d + i] * k[s][kv + i];
                    }
                    weight[s] = Math.exp(dot / Math.sqrt(d));
                    sum += weight[s];
                }
                for (int i = 0; i < d; i++) {
                    for (int s = 0; s <= t; s++) {
                        mixed[h * d + i] += weight[s] / sum * v[s][kv + i];
                    }
                    mixed[h * d + i] /= 1 + Math.exp(-q[t][2 * h * d + d + i]);
                }
            }
            out[t] = linear(p + "o_proj", mixed);
        }
        return out;
    }

    /** Norm of one head, then rotation of the pairs (i, i + rotary/2) of its first numbers. */
    private void prepare(double[] heads, int at, double[] normWeight, int position) {
        double[] head = offsetNorm(Arrays.copyOfRange(heads, at, at + shape.headDim), normWeight);
        int half = shape.rotary / 2;
        for (int i = 0; i < half; i++) {
            double angle = position * Math.pow(THETA, -(double) i / half);
            double a = head[i];
            double b = head[half + i];
            head[i] = a * Math.cos(angle) - b * Math.sin(angle);
            head[half + i] = b * Math.cos(angle) + a * Math.sin(angle);
        }
        System.arraycopy(head, 0, heads, at, shape.headDim);
    }

    private double[] offsetNorm(double[] x, String name) {
        return offsetNorm(x, weights.get(name));
    }

    private static double[] offsetNorm(double[] x, double[] weight) {
        double square = Arrays.stream(x).map(v -> v * v).sum();
        double[] out = new double[x.length];
        Arrays.setAll(out, i -> x[i] / Math.sqrt(square / x.length + EPS) * (1 + weight[i]));
        return out;
    }

    private static double[] unit(double[] x, int at, int n) {
        double[] part = Arrays.copyOfRange(x, at, at + n);
        double square = Arrays.stream(part).map(v -> v * v).sum();
        return Arrays.stream(part).map(v -> v / Math.sqrt(square + EPS)).toArray();
    }

    private static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    private double[] linear(String module, double[] x) {
        return NaiveQwen.linear(weights, module, x);
    }
}
