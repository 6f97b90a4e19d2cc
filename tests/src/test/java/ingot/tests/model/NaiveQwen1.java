package ingot.tests.model;

import java.util.Arrays;
import java.util.Map;

/**
 * The first Qwen written down from its formulas in double precision: no cache, every position computed from all earlier
 * ones. Shares no code with the runtime.
 *
 * @param rotated numbers of each head that turn
 * @param trained L of the dynamic NTK and of LogN
 * @param ntk whether the rotary base grows
 * @param logn whether queries behind L are scaled
 */
record NaiveQwen1(
        NaiveQwen.Shape shape, int rotated, int trained, boolean ntk, boolean logn, Map<String, double[]> weights) {
    private static final double EPS = 1e-5;

    /** Logits [tokens][vocab] where the first call of the session had {@code first} tokens. */
    double[] logits(int[] ids, int first) {
        int n = ids.length;
        double alpha = 1;
        // 1 up to L, 3 up to 2L, 7 up to 4L …: counted, not computed by a logarithm.
        for (long reach = trained; ntk && first > reach; reach *= 2) {
            alpha = 2 * alpha + 1;
        }
        double base = 10_000 * Math.pow(alpha, rotated / (rotated - 2.0));
        double[][] x = new double[n][];
        for (int t = 0; t < n; t++) {
            int from = ids[t] * shape.hidden();
            x[t] = Arrays.copyOfRange(weights.get("transformer.wte.weight"), from, from + shape.hidden());
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            String p = "transformer.h." + layer + ".";
            double[][] qkv = new double[n][];
            for (int t = 0; t < n; t++) {
                qkv[t] = linear(p + "attn.c_attn", norm(x[t], p + "ln_1"));
                for (int h = 0; h < 2 * shape.heads(); h++) {
                    rotate(qkv[t], h * shape.headDim(), t, base);
                }
                for (int i = 0; logn && t + 1 > trained && i < shape.hidden(); i++) {
                    qkv[t][i] *= Math.log(t + 1) / Math.log(trained);
                }
            }
            for (int t = 0; t < n; t++) {
                double[] mixed = new double[shape.hidden()];
                for (int h = 0; h < shape.heads(); h++) {
                    attend(qkv, t, h * shape.headDim(), mixed);
                }
                NaiveQwen.add(x[t], linear(p + "attn.c_proj", mixed));
                double[] m = norm(x[t], p + "ln_2");
                double[] a = linear(p + "mlp.w1", m);
                double[] b = linear(p + "mlp.w2", m);
                for (int i = 0; i < a.length; i++) {
                    a[i] *= b[i] / (1 + Math.exp(-b[i]));
                }
                NaiveQwen.add(x[t], linear(p + "mlp.c_proj", a));
            }
        }
        double[] logits = new double[n * shape.vocab()];
        for (int t = 0; t < n; t++) {
            double[] row = linear("lm_head", norm(x[t], "transformer.ln_f"));
            System.arraycopy(row, 0, logits, t * shape.vocab(), shape.vocab());
        }
        return logits;
    }

    /** Turns the pairs (i, i + rotated/2) of one head. */
    private void rotate(double[] x, int at, int position, double base) {
        int half = rotated / 2;
        for (int i = 0; i < half; i++) {
            double angle = position * Math.pow(base, -2.0 * i / rotated);
            double a = x[at + i];
            double b = x[at + half + i];
            x[at + i] = a * Math.cos(angle) - b * Math.sin(angle);
            x[at + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
        }
    }

    /** softmax(q·k ÷ √d)·v of one head that begins at {@code at} in q; k and v follow, each as wide as the hidden state. */
    private void attend(double[][] qkv, int t, int at, double[] out) {
        double[] p = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
            double dot = 0;
            for (int i = at; i < at + shape.headDim(); i++) {
                dot += qkv[t][i] * qkv[s][shape.hidden() + i];
            }
            p[s] = Math.exp(dot / Math.sqrt(shape.headDim()));
            sum += p[s];
        }
        for (int s = 0; s <= t; s++) {
            for (int i = at; i < at + shape.headDim(); i++) {
                out[i] += p[s] / sum * qkv[s][2 * shape.hidden() + i];
            }
        }
    }

    private double[] norm(double[] x, String module) {
        double[] weight = weights.get(module + ".weight");
        double square = Arrays.stream(x).map(v -> v * v).sum();
        double[] out = new double[x.length];
        Arrays.setAll(out, i -> x[i] / Math.sqrt(square / x.length + EPS) * weight[i]);
        return out;
    }

    private double[] linear(String module, double[] x) {
        return NaiveQwen.linear(weights, module, x);
    }
}
