package ingot.tests.model;

import java.util.Arrays;
import java.util.Map;

/**
 * The Qwen2 and Qwen3 decoders, experts included, written down from their formulas in double precision, for clarity and nothing else. Shares no
 * code with the runtime: no cache, no chunks, no blocks, every position computed from all earlier ones.
 */
final class NaiveQwen {
    /** How a rotary angle is made; {@code length} is the length of the sequence when the token was fed. */
    interface Angle {
        double of(int pair, int position, int length);
    }

    /** Hyper-parameters; {@code windows[i]} = 0 sees everything. */
    record Shape(int layers, int hidden, int heads, int kvHeads, int headDim, int vocab, int[] windows) {}

    private static final double EPS = 1e-6;

    private final Shape shape;
    private final Angle angle;
    private final double ropeMagnitude;
    private final boolean tied;
    private final Map<String, double[]> weights;
    private int perToken;
    private boolean normalize;

    NaiveQwen(Shape shape, Angle angle, double ropeMagnitude, boolean tied, Map<String, double[]> weights) {
        this.shape = shape;
        this.angle = angle;
        this.ropeMagnitude = ropeMagnitude;
        this.tied = tied;
        this.weights = weights;
    }

    /** Layers that have a router choose {@code count} experts. */
    NaiveQwen experts(int count, boolean normalized) {
        perToken = count;
        normalize = normalized;
        return this;
    }

    /** Logits [tokens][vocab] of one call with all tokens. */
    double[] logits(int[] ids) {
        int[] lengths = new int[ids.length];
        Arrays.fill(lengths, ids.length);
        return logits(ids, lengths);
    }

    /** The same where token t was fed when the sequence, the rest of its call included, had {@code lengths[t]} tokens. */
    double[] logits(int[] ids, int[] lengths) {
        int n = ids.length;
        double[][] x = new double[n][];
        for (int t = 0; t < n; t++) {
            int from = ids[t] * shape.hidden;
            x[t] = Arrays.copyOfRange(weights.get("model.embed_tokens.weight"), from, from + shape.hidden);
        }
        for (int layer = 0; layer < shape.layers; layer++) {
            String p = "model.layers." + layer + ".";
            double[][] q = new double[n][];
            double[][] k = new double[n][];
            double[][] v = new double[n][];
            for (int t = 0; t < n; t++) {
                double[] a = norm(x[t], 0, shape.hidden, weights.get(p + "input_layernorm.weight"));
                q[t] = linear(p + "self_attn.q_proj", a);
                k[t] = linear(p + "self_attn.k_proj", a);
                v[t] = linear(p + "self_attn.v_proj", a);
                prepare(q[t], weights.get(p + "self_attn.q_norm.weight"), t, lengths[t]);
                prepare(k[t], weights.get(p + "self_attn.k_norm.weight"), t, lengths[t]);
            }
            for (int t = 0; t < n; t++) {
                double[] mixed = new double[shape.heads * shape.headDim];
                for (int h = 0; h < shape.heads; h++) {
                    attend(q[t], k, v, t, h, shape.windows[layer], mixed);
                }
                add(x[t], linear(p + "self_attn.o_proj", mixed));
                double[] m = norm(x[t], 0, shape.hidden, weights.get(p + "post_attention_layernorm.weight"));
                add(x[t], feedForward(p + "mlp.", m));
            }
        }
        double[] logits = new double[n * shape.vocab];
        for (int t = 0; t < n; t++) {
            double[] last = norm(x[t], 0, shape.hidden, weights.get("model.norm.weight"));
            double[] row = linear(tied ? "model.embed_tokens" : "lm_head", last);
            System.arraycopy(row, 0, logits, t * shape.vocab, shape.vocab);
        }
        return logits;
    }

    /** One MLP, or the experts of the layer. */
    double[] feedForward(String p, double[] x) {
        if (!weights.containsKey(p + "gate.weight")) {
            return mlp(p, x);
        }
        double[] probability = linear(p + "gate", x);
        double sum = 0;
        for (int e = 0; e < probability.length; e++) {
            sum += probability[e] = Math.exp(probability[e]);
        }
        Integer[] order = new Integer[probability.length];
        Arrays.setAll(order, e -> e);
        Arrays.sort(order, (a, b) -> Double.compare(probability[b], probability[a]));
        double chosen = 0;
        for (int k = 0; k < perToken; k++) {
            chosen += probability[order[k]] / sum;
        }
        double[] out = new double[x.length];
        for (int k = 0; k < perToken; k++) {
            double weight = probability[order[k]] / sum / (normalize ? chosen : 1);
            double[] y = mlp(p + "experts." + order[k] + ".", x);
            for (int i = 0; i < out.length; i++) {
                out[i] += weight * y[i];
            }
        }
        if (weights.containsKey(p + "shared_expert_gate.weight")) {
            double open = 1 / (1 + Math.exp(-linear(p + "shared_expert_gate", x)[0]));
            double[] y = mlp(p + "shared_expert.", x);
            for (int i = 0; i < out.length; i++) {
                out[i] += open * y[i];
            }
        }
        return out;
    }

    /** down(silu(gate(x)) · up(x)). */
    private double[] mlp(String p, double[] x) {
        double[] gate = linear(p + "gate_proj", x);
        double[] up = linear(p + "up_proj", x);
        for (int i = 0; i < gate.length; i++) {
            gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        return linear(p + "down_proj", gate);
    }

    /** softmax(q·k ÷ √d) over the visible keys, times v. */
    private void attend(double[] q, double[][] k, double[][] v, int t, int h, int window, double[] out) {
        int d = shape.headDim;
        int kv = h / (shape.heads / shape.kvHeads) * d;
        double[] p = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
            if (window == 0 || t - s < window) {
                double dot = 0;
                for (int i = 0; i < d; i++) {
                    dot += q[h * d + i] * k[s][kv + i];
                }
                p[s] = Math.exp(dot / Math.sqrt(d));
                sum += p[s];
            }
        }
        for (int s = 0; s <= t; s++) {
            for (int i = 0; i < d; i++) {
                out[h * d + i] += p[s] / sum * v[s][kv + i];
            }
        }
    }

    /** Norm per head where there is one, then rotation of the pairs (i, i + d/2). */
    private void prepare(double[] heads, double[] normWeight, int position, int length) {
        int d = shape.headDim;
        for (int at = 0; at < heads.length; at += d) {
            if (normWeight != null) {
                System.arraycopy(norm(heads, at, d, normWeight), 0, heads, at, d);
            }
            for (int i = 0; i < d / 2; i++) {
                double theta = angle.of(i, position, length);
                double c = Math.cos(theta) * ropeMagnitude;
                double s = Math.sin(theta) * ropeMagnitude;
                double a = heads[at + i];
                double b = heads[at + d / 2 + i];
                heads[at + i] = a * c - b * s;
                heads[at + d / 2 + i] = b * c + a * s;
            }
        }
    }

    private static double[] norm(double[] x, int at, int n, double[] weight) {
        double square = 0;
        for (int i = 0; i < n; i++) {
            square += x[at + i] * x[at + i];
        }
        double[] out = new double[n];
        for (int i = 0; i < n; i++) {
            out[i] = x[at + i] / Math.sqrt(square / n + EPS) * weight[i];
        }
        return out;
    }

    private double[] linear(String module, double[] x) {
        return linear(weights, module, x);
    }

    /** W·x + bias, with a bias where there is one. */
    static double[] linear(Map<String, double[]> weights, String module, double[] x) {
        double[] w = weights.get(module + ".weight");
        double[] bias = weights.get(module + ".bias");
        double[] y = new double[w.length / x.length];
        for (int r = 0; r < y.length; r++) {
            y[r] = bias == null ? 0 : bias[r];
            for (int c = 0; c < x.length; c++) {
                y[r] += w[r * x.length + c] * x[c];
            }
        }
        return y;
    }

    static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += y[i];
        }
    }
}
