package ingot.tests.bench;

import static java.util.Objects.requireNonNull;

import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Queries;
import ingot.runtime.kv.KvCache;
import ingot.runtime.kv.KvType;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Speed of attention on one thread: the query heads of one KV head over a cache; the counters give the numbers of keys and
 * values as if they were f32, in GB/s, and multiply-adds in GMAC/s. Run with {@code tests/bench/kernels attention}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xmx2g", "--add-modules", "jdk.incubator.vector"})
public class AttentionBenchmark {
    @Param({"F32", "F16", "INT8"})
    public KvType type = KvType.F32;

    /** {@code scalar}, or bits of the vectors; 0 is the preferred width. */
    @Param("0")
    public String backend = "";

    @Param("64")
    public int dim;

    /** Query heads per KV head, times tokens. */
    @Param({"1", "7", "32"})
    public int rows;

    /** In the cache: 4096 stay in the second-level cache in no type but int8, 65536 in none. */
    @Param({"4096", "65536"})
    public int positions;

    private final Queries queries = new Queries();
    private @Nullable Kernels kernels;
    private @Nullable KvCache cache;
    private float[] vectors = {};

    /** What was done, which JMH divides by the time. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rates {
        public double gigabytes;
        public double gigamacs;
    }

    @Setup
    public void setUp() {
        kernels = backend.equals("scalar")
                ? Kernels.create(Backend.SCALAR, 0, 1)
                : Kernels.create(Backend.VECTOR, Integer.parseInt(backend), 1);
        KvCache filled = new KvCache(type, 1, dim);
        Random random = new Random(1);
        vectors = random(random, Math.max(rows, 64) * dim);
        for (int i = 0; i < positions; i += 64) {
            filled.append(random(random, 64 * dim), vectors, 0, 64);
        }
        cache = filled;
    }

    private static float[] random(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        return x;
    }

    @TearDown
    public void tearDown() {
        requireNonNull(kernels).close();
    }

    @Benchmark
    public Queries attention(Rates rates) {
        KvCache all = requireNonNull(cache);
        queries.clear(rows, all.shape());
        for (int row = 0; row < rows; row++) {
            queries.set(row, vectors, row * dim, 0.125f);
            queries.see(row, 0, positions - 1);
        }
        requireNonNull(kernels).attention().attend(queries, all, 0, 0, positions);
        rates.gigabytes += 2e-9 * Float.BYTES * dim * positions;
        rates.gigamacs += 2e-9 * rows * dim * positions;
        return queries;
    }
}
