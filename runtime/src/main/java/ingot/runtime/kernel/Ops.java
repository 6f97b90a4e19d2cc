package ingot.runtime.kernel;

/**
 * Vector operations of a transformer block on f32 arrays; {@code xAt} is where the operand begins in {@code x}. Each is
 * done by the calling thread. ε = 2⁻²⁴ is the unit roundoff of f32. Operands may be the same array at the same place
 * where a docstring says "in place", and must not overlap elsewhere.
 */
public interface Ops {
    /** Σ aᵢ·bᵢ; error at most n·ε·Σ|aᵢ·bᵢ|. */
    float dot(float[] a, int aAt, float[] b, int bAt, int n);

    /** y += scale·x; one or two roundings per element. */
    void axpy(float scale, float[] x, int xAt, float[] y, int yAt, int n);

    /** y += x. */
    void add(float[] x, int xAt, float[] y, int yAt, int n);

    /**
     * Root-mean-square norm (Zhang and Sennrich 2019): out = (x · 1/√(mean(x²) + eps)) · weight, over
     * {@code weight.length} elements, rounded after each product as the reference does; in place allowed. Relative error
     * of an element at most (n/2 + 5)·ε.
     */
    void rmsNorm(float[] x, int xAt, float[] weight, float eps, float[] out, int outAt);

    /** x = exp(x − max x) / Σ exp(x − max x), in place; relative error of an element at most (n + 8)·ε. n ≥ 1. */
    void softmax(float[] x, int at, int n);

    /** gate = gate / (1 + exp(−gate)) · up, in place; relative error of an element at most 8·ε. */
    void siluMul(float[] gate, int gateAt, float[] up, int upAt, int n);

    /**
     * x = x / (1 + exp(−gate)), in place; relative error of an element at most 8·ε. {@code gate} may be x itself: that is
     * silu(x).
     */
    void sigmoidMul(float[] gate, int gateAt, float[] x, int xAt, int n);

    /**
     * Rotary position embedding of one head in place, pairs (i, i + half): x₁·cos − x₂·sin and x₂·cos + x₁·sin with every
     * product and the sum rounded, as the reference does.
     *
     * @param cos {@code half} cosines of the position's angles from {@code tableAt} on; {@code sin} alike
     */
    void rotate(float[] x, int at, int half, float[] cos, float[] sin, int tableAt);

    /** out[outAt + i] = scale · (q · keyᵢ) for i &lt; n: attention scores of one head; error as {@link #dot}. */
    void scores(float[] q, int qAt, KvRows keys, int n, float scale, float[] out, int outAt);

    /** out += Σ weightsᵢ·valueᵢ for i &lt; n, in the order of i: what one page adds to the head's output. */
    void accumulate(float[] weights, int weightsAt, KvRows values, int n, float[] out, int outAt);
}
