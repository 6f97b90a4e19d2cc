package ingot.runtime.kernel;

/** Plain loops; sums and exponentials in double. */
final class ScalarOps implements Ops {
    @Override
    public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        return (float) dotInDouble(a, aAt, b, bAt, n);
    }

    /** Products of two f32 are exact in double; four sums, so that additions need not wait for each other. */
    static double dotInDouble(float[] a, int aAt, float[] b, int bAt, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i < n - 3; i += 4) {
            s0 += (double) a[aAt + i] * b[bAt + i];
            s1 += (double) a[aAt + i + 1] * b[bAt + i + 1];
            s2 += (double) a[aAt + i + 2] * b[bAt + i + 2];
            s3 += (double) a[aAt + i + 3] * b[bAt + i + 3];
        }
        for (; i < n; i++) {
            s0 += (double) a[aAt + i] * b[bAt + i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    @Override
    public void axpy(float scale, float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] += scale * x[xAt + i];
        }
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) {
            y[yAt + i] += x[xAt + i];
        }
    }

    @Override
    public void rmsNorm(float[] x, int xAt, float[] weight, float eps, float[] out, int outAt) {
        int n = weight.length;
        float scale = (float) (1 / Math.sqrt(dotInDouble(x, xAt, x, xAt, n) / n + eps));
        for (int i = 0; i < n; i++) {
            out[outAt + i] = x[xAt + i] * scale * weight[i];
        }
    }

    @Override
    public void softmax(float[] x, int at, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[at + i]);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double e = Math.exp((double) x[at + i] - max);
            x[at + i] = (float) e;
            sum += e;
        }
        double scale = 1 / sum;
        for (int i = 0; i < n; i++) {
            x[at + i] = (float) (x[at + i] * scale);
        }
    }

    @Override
    public void siluMul(float[] gate, int gateAt, float[] up, int upAt, int n) {
        for (int i = 0; i < n; i++) {
            double g = gate[gateAt + i];
            gate[gateAt + i] = (float) (g / (1 + Math.exp(-g)) * up[upAt + i]);
        }
    }

    @Override
    public void sigmoidMul(float[] gate, int gateAt, float[] x, int xAt, int n) {
        for (int i = 0; i < n; i++) {
            x[xAt + i] = (float) (x[xAt + i] / (1 + Math.exp(-(double) gate[gateAt + i])));
        }
    }

    @Override
    public void rotate(float[] x, int at, int half, float[] cos, float[] sin, int tableAt) {
        for (int i = 0; i < half; i++) {
            float x1 = x[at + i];
            float x2 = x[at + half + i];
            float c = cos[tableAt + i];
            float s = sin[tableAt + i];
            x[at + i] = x1 * c - x2 * s;
            x[at + half + i] = x2 * c + x1 * s;
        }
    }

    @Override
    public void scores(float[] q, int qAt, KvRows keys, int n, float scale, float[] out, int outAt) {
        for (int i = 0; i < n; i++) {
            double dot = dotInDouble(q, qAt, keys.data(), keys.at() + i * keys.stride(), keys.dim());
            out[outAt + i] = (float) (dot * scale);
        }
    }

    @Override
    public void accumulate(float[] weights, int weightsAt, KvRows values, int n, float[] out, int outAt) {
        for (int i = 0; i < n; i++) {
            axpy(weights[weightsAt + i], values.data(), values.at() + i * values.stride(), out, outAt, values.dim());
        }
    }
}
