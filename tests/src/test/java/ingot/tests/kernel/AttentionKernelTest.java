package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.kernel.AttentionKernel;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.KvPage;
import ingot.runtime.kernel.Queries;
import ingot.runtime.kernel.nativecode.NativeSupport;
import ingot.runtime.kv.KvCache;
import ingot.runtime.kv.KvType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention over every kind of cache, on every backend, against its formula in double over numbers rounded by the test. */
class AttentionKernelTest {
    private static final double EPSILON = 0x1p-24;

    /** Odd dimensions, heads and lengths on both sides of panels, pages and blocks. */
    private static final List<Shape> SHAPES = List.of(
            new Shape(1, 1, 1, 1, 0),
            new Shape(7, 2, 3, 33, 0),
            new Shape(31, 5, 1, 65, 7),
            new Shape(33, 3, 7, 513, 100),
            new Shape(64, 2, 7, 1100, 0),
            new Shape(100, 1, 5, 512, 31),
            new Shape(128, 4, 2, 600, 513),
            new Shape(256, 1, 6, 130, 1));

    /**
     * @param dim of a head
     * @param heads of keys and values
     * @param rows of queries: the r-th sees what a token r positions before the last sees
     * @param positions in the cache
     * @param window positions that a token sees, 0 for all
     */
    record Shape(int dim, int heads, int rows, int positions, int window) {
        int last(int row) {
            return Math.max(0, positions - 1 - row);
        }

        int first(int row) {
            return window == 0 ? 0 : Math.max(0, last(row) - window + 1);
        }

        int earliest() {
            return first(rows - 1);
        }
    }

    record Case(KvType type, Backend backend, int bits) {}

    static Stream<Case> cases() {
        return Stream.of(KvType.values())
                .flatMap(type -> Stream.concat(
                        Stream.of(0, 128, 256, 512).map(bits -> new Case(type, Backend.VECTOR, bits)),
                        others().map(backend -> new Case(type, backend, 0))));
    }

    private static Stream<Backend> others() {
        boolean generated = NativeSupport.probe() instanceof NativeSupport.Ready;
        return generated ? Stream.of(Backend.SCALAR, Backend.NATIVE) : Stream.of(Backend.SCALAR);
    }

    private static Kernels kernels(Case c) {
        return Kernels.create(c.backend, c.bits, 1);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithTheFormula(Case c) {
        try (Kernels kernels = kernels(c)) {
            for (Shape shape : SHAPES) {
                Data data = new Data(shape, c.type);
                for (int head = 0; head < shape.heads; head++) {
                    float[] out = data.run(kernels, head, List.of(shape.earliest(), shape.positions));
                    for (int row = 0; row < shape.rows; row++) {
                        data.check(head, row, out, c);
                    }
                }
            }
        }
    }

    /** Rows alone or together, the cache whole or cut at its blocks: the same bits. */
    @ParameterizedTest
    @MethodSource("cases")
    void cutsDoNotMatter(Case c) {
        try (Kernels kernels = kernels(c)) {
            for (Shape shape : SHAPES) {
                Data data = new Data(shape, c.type);
                List<Integer> cuts = new ArrayList<>(List.of(shape.earliest()));
                int block = (shape.earliest() / AttentionKernel.BLOCK + 1) * AttentionKernel.BLOCK;
                for (; block < shape.positions; block += AttentionKernel.BLOCK) {
                    cuts.add(block);
                }
                cuts.add(shape.positions);
                float[] whole = data.run(kernels, 0, List.of(shape.earliest(), shape.positions));
                assertArrayEquals(whole, data.run(kernels, 0, cuts), c + " " + shape);
                for (int row = 0; row < shape.rows; row++) {
                    Queries one = new Queries();
                    one.clear(1, data.cache.shape());
                    one.set(0, data.queries, row * shape.dim, data.scale);
                    one.see(0, shape.first(row), shape.last(row));
                    kernels.attention().attend(one, data.cache, 0, shape.first(row), shape.last(row) + 1);
                    float[] alone = new float[shape.dim];
                    one.result(0, alone, 0);
                    for (int d = 0; d < shape.dim; d++) {
                        assertEquals(whole[row * shape.dim + d], alone[d], 0.0f, c + " " + shape);
                    }
                }
            }
        }
    }

    /** Slots of a page that were written and forgotten must not show, even when they were not finite. */
    @ParameterizedTest
    @MethodSource("cases")
    void forgottenPositionsDoNotShow(Case c) {
        try (Kernels kernels = kernels(c)) {
            Shape shape = new Shape(33, 2, 3, 70, 0);
            Data data = new Data(shape, c.type);
            float[] clean = data.run(kernels, 1, List.of(0, shape.positions));
            float[] broken = new float[5 * 2 * 33];
            java.util.Arrays.fill(broken, Float.NaN);
            data.cache.append(broken, broken, 0, 5);
            data.cache.truncate(shape.positions);
            assertArrayEquals(clean, data.run(kernels, 1, List.of(0, shape.positions)));
        }
    }

    /** What a page holds is what the rule of its type says, found with other arithmetic. */
    @ParameterizedTest
    @EnumSource(KvType.class)
    void pagesRoundByTheirRule(KvType type) {
        for (Shape shape : SHAPES) {
            Data data = new Data(shape, type);
            KvPage.Shape page = data.cache.shape();
            float[] keys = new float[page.keys()];
            float[] values = new float[page.values()];
            for (int head = 0; head < shape.heads; head++) {
                for (int i = 0; i < shape.positions; i++) {
                    data.cache.page(i / KvPage.POSITIONS).decodeKeys(head, keys);
                    data.cache.page(i / KvPage.POSITIONS).decodeValues(head, values);
                    int slot = i % KvPage.POSITIONS;
                    for (int d = 0; d < shape.dim; d++) {
                        int key = (slot / 32 * shape.dim + d) * 32 + slot % 32;
                        int value = (d / 32 * KvPage.POSITIONS + slot) * 32 + d % 32;
                        int at = (i * shape.heads + head) * shape.dim + d;
                        assertEquals(data.keys[at], keys[key], 0.0f);
                        assertEquals(data.values[at], values[value], 0.0f);
                    }
                }
            }
        }
    }

    /** A cache with random content, and the same content rounded by the test. */
    private static final class Data {
        final Shape shape;
        final KvCache cache;
        final float[] queries;
        final float[] keys;
        final float[] values;
        final float scale;

        Data(Shape shape, KvType type) {
            this.shape = shape;
            Random random = new Random(shape.hashCode());
            queries = gaussian(random, shape.rows * shape.dim, 3);
            keys = gaussian(random, shape.positions * shape.heads * shape.dim, 1);
            values = gaussian(random, keys.length, 1);
            // Keys have channels that are much larger than the others.
            for (int i = 5; i < keys.length; i += 64) {
                keys[i] *= 20;
            }
            scale = (float) (1 / Math.sqrt(shape.dim));
            cache = new KvCache(type, shape.heads, shape.dim);
            int chunk = Math.min(37, shape.positions);
            cache.append(keys, values, 0, chunk);
            for (int i = chunk; i < shape.positions; i++) {
                cache.append(keys, values, i, 1);
            }
            for (float[] x : List.of(keys, values)) {
                for (int at = 0; at < x.length; at += shape.dim) {
                    round(type, x, at);
                }
            }
        }

        private void round(KvType type, float[] x, int at) {
            for (int from = at; from < at + shape.dim; from += 32) {
                int end = Math.min(from + 32, at + shape.dim);
                float max = 0;
                for (int i = from; i < end; i++) {
                    max = Math.max(max, Math.abs(x[i]));
                }
                float step = max / 127;
                for (int i = from; i < end; i++) {
                    x[i] = switch (type) {
                        case F32 -> x[i];
                        case F16 -> Float.float16ToFloat(Float.floatToFloat16(x[i]));
                        case INT8 -> (float) Math.rint((double) (x[i] / step)) * step;
                    };
                }
            }
        }

        float[] run(Kernels kernels, int head, List<Integer> cuts) {
            Queries all = load();
            for (int i = 1; i < cuts.size(); i++) {
                Queries part = load();
                kernels.attention().attend(part, cache, head, cuts.get(i - 1), cuts.get(i));
                all.absorb(part);
            }
            float[] out = new float[shape.rows * shape.dim];
            for (int row = 0; row < shape.rows; row++) {
                all.result(row, out, row * shape.dim);
            }
            return out;
        }

        private Queries load() {
            Queries q = new Queries();
            q.clear(shape.rows, cache.shape());
            for (int row = 0; row < shape.rows; row++) {
                q.set(row, queries, row * shape.dim, scale);
                q.see(row, shape.first(row), shape.last(row));
            }
            return q;
        }

        void check(int head, int row, float[] out, Case c) {
            int n = shape.last(row) + 1 - shape.first(row);
            double[] scores = new double[n];
            double magnitude = 0;
            double top = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < n; i++) {
                double sum = 0;
                for (int d = 0; d < shape.dim; d++) {
                    double product = (double) queries[row * shape.dim + d] * scale * keys[at(head, row, i) + d];
                    scores[i] += product;
                    sum += Math.abs(product);
                }
                magnitude = Math.max(magnitude, sum);
                top = Math.max(top, scores[i]);
            }
            double total = 0;
            for (int i = 0; i < n; i++) {
                scores[i] = Math.exp(scores[i] - top);
                total += scores[i];
            }
            double relative = c.backend == Backend.SCALAR
                    ? 4 * magnitude + 3.0 * n / AttentionKernel.BLOCK + 10
                    : 2 * (shape.dim + 2) * magnitude + n + 110;
            for (int d = 0; d < shape.dim; d++) {
                double exact = 0;
                double largest = 0;
                for (int i = 0; i < n; i++) {
                    double value = values[at(head, row, i) + d];
                    exact += scores[i] / total * value;
                    largest = Math.max(largest, Math.abs(value));
                }
                double error = Math.abs(exact - out[row * shape.dim + d]);
                assertTrue(
                        error <= relative * EPSILON * largest,
                        c + " " + shape + " row " + row + ": " + error + " of " + relative * EPSILON * largest);
            }
        }

        private int at(int head, int row, int i) {
            return ((shape.first(row) + i) * shape.heads + head) * shape.dim;
        }
    }

    private static float[] gaussian(Random random, int n, float size) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian() * size;
        }
        return x;
    }
}
