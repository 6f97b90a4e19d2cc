package ingot.tests.bench;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Encoding 10 MB of mixed text on one thread, by this tokenizer and by the Hugging Face one through JNI, in one run:
 * milliseconds per 10 MB. Needs {@code -Dingot.root=} the repository.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 4, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx3g", "--enable-native-access=ALL-UNNAMED"})
public class TokenizerBenchmark {
    private static final int TOTAL = 10_000_000;

    /** Bytes per document: prompts, and the whole text at once. */
    @Param({"2000", "10000000"})
    public int documentBytes;

    private List<String> documents = List.of();
    private Tokenizer ours;
    private HuggingFaceTokenizer reference;
    private byte[] blob = new byte[0];

    @Setup
    public void setUp() throws IOException {
        Path root = Path.of(System.getProperty("ingot.root")).resolve("golden-outputs");
        Path folder = root.resolve("tokenizers/qwen");
        TokenizerData data = TokenizerReader.read(folder);
        blob = data.encode();
        ours = Tokenizer.of(data);
        reference = HuggingFaceTokenizer.newInstance(
                folder.resolve("tokenizer.json"), Map.of("addSpecialTokens", "false", "truncation", "false"));
        documents = new MixedText(root, ours).documents(TOTAL, documentBytes);
    }

    @TearDown
    public void tearDown() {
        reference.close();
    }

    @Benchmark
    public void ingot(Blackhole sink) {
        for (String document : documents) {
            sink.consume(ours.encode(document));
        }
    }

    @Benchmark
    public void huggingFaceThroughJni(Blackhole sink) {
        for (String document : documents) {
            sink.consume(reference.encode(document).getIds());
        }
    }

    /** From the bytes in an .ingot file to a tokenizer that encodes. */
    @Benchmark
    public void open(Blackhole sink) {
        sink.consume(Tokenizer.of(TokenizerData.decode(ByteBuffer.wrap(blob), Path.of("model.ingot"))));
    }
}
