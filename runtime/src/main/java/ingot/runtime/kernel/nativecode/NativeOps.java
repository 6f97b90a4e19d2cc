package ingot.runtime.kernel.nativecode;

import static ingot.runtime.kernel.nativecode.BlockCall.pair;
import static java.lang.foreign.MemorySegment.NULL;

import ingot.runtime.kernel.KvRows;
import ingot.runtime.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The operations of a block in generated code, with the bits of the vector backend. */
final class NativeOps implements Ops {
    private final BlockCode code;
    private final ArraySegments arrays;

    NativeOps(BlockCode code, ArraySegments arrays) {
        this.code = code;
        this.arrays = arrays;
    }

    private MemorySegment on(float[] x) {
        return arrays.of(x);
    }

    /** Generated code looks at no bounds. */
    private static void check(float[] x, int at, int n) {
        Objects.checkFromIndexSize(at, n, x.length);
    }

    @Override
    public float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        check(a, aAt, n);
        check(b, bAt, n);
        return Float.intBitsToFloat((int) BlockCode.call(code.dot, on(a), on(b), NULL, aAt, bAt, n, 0L, 0L));
    }

    @Override
    public void axpy(float scale, float[] x, int xAt, float[] y, int yAt, int n) {
        check(x, xAt, n);
        check(y, yAt, n);
        BlockCode.call(code.axpy, on(x), on(y), NULL, xAt, yAt, n, bits(scale), 0L);
    }

    @Override
    public void add(float[] x, int xAt, float[] y, int yAt, int n) {
        check(x, xAt, n);
        check(y, yAt, n);
        BlockCode.call(code.add, on(x), on(y), NULL, xAt, yAt, n, 0L, 0L);
    }

    @Override
    public void rmsNorm(float[] x, int xAt, float[] weight, float eps, float[] out, int outAt) {
        int n = weight.length;
        check(x, xAt, n);
        check(out, outAt, n);
        BlockCode.call(code.rmsNorm, on(x), on(weight), on(out), xAt, outAt, n, bits((double) eps), bits((double) n));
    }

    @Override
    public void softmax(float[] x, int at, int n) {
        check(x, at, n);
        BlockCode.call(code.softmax, on(x), NULL, NULL, at, n, 0L, 0L, 0L);
    }

    @Override
    public void siluMul(float[] gate, int gateAt, float[] up, int upAt, int n) {
        check(gate, gateAt, n);
        check(up, upAt, n);
        BlockCode.call(code.siluMul, on(gate), on(up), NULL, gateAt, upAt, n, 0L, 0L);
    }

    @Override
    public void sigmoidMul(float[] gate, int gateAt, float[] x, int xAt, int n) {
        check(gate, gateAt, n);
        check(x, xAt, n);
        BlockCode.call(code.sigmoidMul, on(gate), on(x), NULL, gateAt, xAt, n, 0L, 0L);
    }

    @Override
    public void rotate(float[] x, int at, int half, float[] cos, float[] sin, int tableAt) {
        check(x, at, 2 * half);
        check(cos, tableAt, half);
        check(sin, tableAt, half);
        BlockCode.call(code.rotate, on(x), on(cos), on(sin), at, half, tableAt, 0L, 0L);
    }

    @Override
    public void scores(float[] q, int qAt, KvRows keys, int n, float scale, float[] out, int outAt) {
        for (int i = 0; i < n; i++) {
            out[outAt + i] = scale * dot(q, qAt, keys.data(), keys.at() + i * keys.stride(), keys.dim());
        }
    }

    @Override
    public void accumulate(float[] weights, int weightsAt, KvRows values, int n, float[] out, int outAt) {
        if (n == 0) {
            return;
        }
        check(weights, weightsAt, n);
        check(values.data(), values.at(), (n - 1) * values.stride() + values.dim());
        check(out, outAt, values.dim());
        BlockCode.call(
                code.accumulate,
                on(weights),
                on(values.data()),
                on(out),
                pair(weightsAt, n),
                pair(values.at(), values.stride()),
                outAt,
                values.dim(),
                0L);
    }

    private static long bits(float x) {
        return Float.floatToRawIntBits(x);
    }

    private static long bits(double x) {
        return Double.doubleToRawLongBits(x);
    }
}
