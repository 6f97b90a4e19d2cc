package ingot.tests.bench;

import static java.util.Objects.requireNonNull;

import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Blas.Tile;
import ingot.runtime.kernel.Kernels;
import java.util.Arrays;
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
 * Speed of the dense products and of the Cholesky factorization; the counter gives multiply-adds in GMAC/s, half of the
 * GFLOP/s. Run with {@code tests/bench/kernels blas -p n=2048}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-Xmx2g", "--add-modules", "jdk.incubator.vector"})
public class BlasBenchmark {
    /** {@code scalar}, or bits of the vectors; 0 is the preferred width. */
    @Param("0")
    public String backend = "";

    @Param("1")
    public int threads;

    @Param({"2048", "6144"})
    public int n;

    @Param("512")
    public int tokens;

    /** What was done, which JMH divides by the time. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rates {
        public double gigamacs;
    }

    private @Nullable Kernels kernels;
    private float[] x = {};
    private float[] h = {};
    private float[] l = {};

    @Setup
    public void setUp() {
        kernels = backend.equals("scalar")
                ? Kernels.create(Backend.SCALAR, 0, threads)
                : Kernels.create(Backend.VECTOR, Integer.parseInt(backend), threads);
        Random random = new Random(1);
        x = new float[tokens * n];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        h = new float[n * n];
        l = new float[n * n];
    }

    @TearDown
    public void tearDown() {
        requireNonNull(kernels).close();
    }

    @Benchmark
    public float[] gram(Rates rates) {
        requireNonNull(kernels).blas().gram(x, tokens, n, h);
        rates.gigamacs += 0.5e-9 * n * n * tokens;
        return h;
    }

    /** Half of the columns of x times 128 columns. */
    @Benchmark
    public float[] multiplyAdd(Rates rates) {
        int k = n / 2;
        Tile c = new Tile(l, 0, 128);
        requireNonNull(kernels).blas().multiplyAdd(-1, new Tile(x, 0, n), new Tile(h, 0, n), c, tokens, k, 128);
        rates.gigamacs += 128e-9 * tokens * k;
        return l;
    }

    /** Of a matrix with 2 on the diagonal and 1/n elsewhere. */
    @Benchmark
    public int cholesky(Rates rates) {
        Arrays.fill(l, 1f / n);
        for (int i = 0; i < n; i++) {
            l[i * n + i] = 2;
        }
        rates.gigamacs += 1e-9 * n * n * n / 6;
        return requireNonNull(kernels).blas().cholesky(l, n);
    }
}
