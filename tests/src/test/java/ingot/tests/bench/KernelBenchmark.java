package ingot.tests.bench;

import static java.util.Objects.requireNonNull;

import ingot.formats.DType;
import ingot.formats.block.Dense;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
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
 * Speed of the matrix products: {@code decode} is one token over a matrix larger than the caches, {@code prefill} many
 * tokens over a small one. The counters give weights read in GB/s and multiply-adds in GMAC/s. Run with
 * {@code tests/bench/kernels}; {@code -prof gc} shows what steady work allocates: at most some 32 bytes per 16 rows.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-Xmx1g", "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class KernelBenchmark {
    /** Larger than the caches a core has to itself. */
    private static final double DECODE_BYTES = 128e6;

    @Param({"f32", "f16", "bf16", "int8", "int6", "int5", "int4", "int3", "iq4", "nf4", "nf4-dq"})
    public String type = "";

    /** {@code scalar}, {@code native}, or bits of the vectors; 0 is the preferred width. */
    @Param("0")
    public String backend = "";

    @Param("1")
    public int threads;

    @Param("2048")
    public int cols;

    private final Random random = new Random(1);

    /** A matrix and activations for some tokens. */
    private record Work(Kernels kernels, Matrix w, float[] x, int tokens, float[] y) {
        float[] run(Rates rates) {
            kernels.matmul(w, x, tokens, y);
            rates.gigabytes += w.layout().bytes(w.rows(), w.cols()) * 1e-9;
            rates.gigamacs += (double) w.rows() * w.cols() * tokens * 1e-9;
            return y;
        }
    }

    private Work work(Kernels on, int rows, int tokens) {
        Layout layout = layout();
        List<MemorySegment> parts = new ArrayList<>();
        for (Part part : layout.parts(rows, cols)) {
            parts.add(fill(part));
        }
        float[] x = new float[tokens * cols];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return new Work(on, new Matrix(layout, rows, cols, parts), x, tokens, new float[tokens * rows]);
    }

    /** What was done, which JMH divides by the time. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rates {
        public double gigabytes;
        public double gigamacs;
    }

    private @Nullable Kernels kernels;
    private @Nullable Work decode;
    private @Nullable Work prefill;

    @Setup
    public void setUp() {
        Kernels on = switch (backend) {
            case "scalar" -> Kernels.create(Backend.SCALAR, 0, threads);
            case "native" -> Kernels.create(Backend.NATIVE, 0, threads);
            default -> Kernels.create(Backend.VECTOR, Integer.parseInt(backend), threads);
        };
        int rows = (int) (DECODE_BYTES / (layout().bits(2048, cols) / 8 * cols)) / 32 * 32;
        kernels = on;
        decode = work(on, rows, 1);
        prefill = work(on, 1024, 126);
    }

    @TearDown
    public void tearDown() {
        requireNonNull(kernels).close();
    }

    @Benchmark
    public float[] decode(Rates rates) {
        return requireNonNull(decode).run(rates);
    }

    @Benchmark
    public float[] prefill(Rates rates) {
        return requireNonNull(prefill).run(rates);
    }

    private Layout layout() {
        return switch (type) {
            case "f32" -> new Dense(DType.F32);
            case "f16" -> new Dense(DType.F16);
            case "bf16" -> new Dense(DType.BF16);
            case "int8" -> new Int8(32);
            case "int6" -> new IntN(6, 32);
            case "int5" -> new IntN(5, 32);
            case "int4" -> new Int4(32);
            case "int3" -> new IntN(3, 32);
            case "iq4" -> new Iq4(32);
            case "nf4" -> new Nf4(false);
            case "nf4-dq" -> new Nf4(true);
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    /** Random codes; ordinary numbers where bytes are floating point. */
    private MemorySegment fill(Part part) {
        MemorySegment bytes = Arena.ofAuto().allocate(part.bytes(), 64);
        switch (part.type()) {
            case F32 -> {
                for (long at = 0; at < bytes.byteSize(); at += 4) {
                    bytes.set(ValueLayout.JAVA_FLOAT, at, random.nextFloat() / 16);
                }
            }
            case F16 -> {
                for (long at = 0; at < bytes.byteSize(); at += 2) {
                    bytes.set(ValueLayout.JAVA_SHORT, at, (short) (0x2000 + random.nextInt(0x1000)));
                }
            }
            case BF16 -> {
                for (long at = 0; at < bytes.byteSize(); at += 2) {
                    bytes.set(ValueLayout.JAVA_SHORT, at, (short) (0x3C00 + random.nextInt(0x100)));
                }
            }
            default -> {
                for (long at = 0; at < bytes.byteSize(); at++) {
                    bytes.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
                }
            }
        }
        return bytes;
    }
}
