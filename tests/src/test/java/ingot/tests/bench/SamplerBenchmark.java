package ingot.tests.bench;

import ingot.runtime.sample.Sampler;
import ingot.runtime.sample.SamplingOptions;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;

/** Choosing a token of Qwen's vocabulary: {@code tests/bench/kernels sampling}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SamplerBenchmark {
    private static final int VOCAB = 151_936;

    /** Greedy; as the models recommend (top-k 20, top-p 0.8, temperature 0.7); top-p alone; everything allowed. */
    public enum Way {
        GREEDY(SamplingOptions.greedy()),
        RECOMMENDED(new SamplingOptions(0.7, 20, 0.8, 0, 1.1, 1)),
        TOP_P(new SamplingOptions(0.7, 0, 0.8, 0, 1, 1)),
        PLAIN(new SamplingOptions(0.7, 0, 1, 0, 1, 1));

        private final SamplingOptions options;

        Way(SamplingOptions options) {
            this.options = options;
        }
    }

    @Param({"GREEDY", "RECOMMENDED", "TOP_P", "PLAIN"})
    public Way way;

    private float[] logits;
    private Sampler sampler;

    @Setup
    public void prepare() {
        Random random = new Random(1);
        logits = new float[VOCAB];
        for (int i = 0; i < VOCAB; i++) {
            logits[i] = (float) (random.nextGaussian() * 3);
        }
        sampler = new Sampler(way.options);
        sampler.accept(5);
    }

    @Benchmark
    public int sample() {
        return sampler.sample(logits);
    }
}
