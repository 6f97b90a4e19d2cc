package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The fewest inputs that reach all that fuzzing reached, a few changes of each, and a part of the sweeps. */
final class FuzzRegressionTest {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    /** Inputs that once ended otherwise than promised. */
    private static final Path FINDINGS = ROOT.resolve("tests/fuzz/findings");
    /** Far more than all inputs of a target need; only one that makes a reader hang reaches it. */
    private static final Duration HANG = Duration.ofMinutes(5);

    /** Milliseconds for an input, or tens of thousands of inputs. */
    private static final EnumSet<FuzzTarget> EXPENSIVE = EnumSet.of(
            FuzzTarget.INGOT,
            FuzzTarget.MODEL,
            FuzzTarget.SIGNATURE,
            FuzzTarget.SIGNATURE_STATEMENT,
            FuzzTarget.TOKENIZER_RANKS);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void keptInputsAreAcceptedOrRefused(FuzzTarget target) {
        assertTimeoutPreemptively(HANG, () -> {
            FuzzRun run = new FuzzRun(target, folder);
            Random random = new Random(1);
            int accepted = 0;
            var inputs = FuzzInputs.read(FuzzInputs.archive(ROOT, target));
            for (var input : inputs.entrySet()) {
                accepted += accepts(run, input.getValue(), input.getKey()) ? 1 : 0;
                for (int i = 0; i < 2; i++) {
                    accepts(run, mutate(input.getValue(), random), input.getKey());
                }
            }
            assertTrue(accepted > 0 && accepted < inputs.size(), accepted + " of " + inputs.size() + " accepted");
        });
    }

    @Test
    void findingsStayMended() throws IOException {
        for (FuzzTarget target : FuzzTarget.values()) {
            Path found = FINDINGS.resolve(target.label());
            for (Path path : Files.exists(found) ? files(found) : List.<Path>of()) {
                accepts(new FuzzRun(target, folder), Files.readAllBytes(path), path.toString());
            }
        }
    }

    /** A part of them; all of them: {@code tests/fuzz/run sweep}. */
    @Test
    void sweepsAreAcceptedOrRefused() throws IOException {
        EnumSet<FuzzTarget> swept = EnumSet.noneOf(FuzzTarget.class);
        for (Sweep sweep : SweepFiles.all(ROOT, folder.resolve("right"))) {
            int step = EXPENSIVE.contains(sweep.target()) ? 61 : 7;
            Sweep.Outcome outcome = sweep.run(folder, step);
            if (sweep.wholePrefixes() >= 0) {
                int whole = (sweep.wholePrefixes() + step - 1) / step;
                assertEquals(whole, outcome.prefixes().accepted(), sweep.what());
            }
            assertTrue(outcome.flips().accepted() < outcome.flips().all(), sweep.what());
            // Of some files every value may be anything: generation_config.json is advice.
            boolean isJson = sweep.target().form() == FuzzTarget.Form.JSON;
            assertEquals(isJson, outcome.variants().all() > 0, sweep.what());
            swept.add(sweep.target());
        }
        assertEquals(EnumSet.allOf(FuzzTarget.class), swept);
    }

    /** Names that readers ask for, among them some that are asked for in a roundabout way. */
    @Test
    void dictionariesKnowWhatReadersKnow() throws IOException {
        assertWords(
                FuzzTarget.CONFIG, "num_key_value_heads", "rope_scaling", "quantization_config", "Qwen2ForCausalLM");
        assertWords(FuzzTarget.ADAPTER, "rank_pattern", "use_dora", "lora_embedding_A", "BF16");
        assertWords(FuzzTarget.SIGNATURE, "verificationMaterial", "dsseEnvelope", "ignore_paths");
        assertWords(FuzzTarget.GGUF, "general.architecture", "tokenizer.ggml.tokens");
        assertTrue(FuzzDictionary.lines(FuzzTarget.CONFIG).contains("\"\\\"rope_scaling\\\"\""));
        assertTrue(FuzzDictionary.lines(FuzzTarget.TEMPLATE).containsAll(List.of("\"selectattr\"", "\"{{-\"")));
        assertTrue(FuzzDictionary.lines(FuzzTarget.TOKENIZER_RANKS).contains("\"AA== 0\\x0A\""));
        assertTrue(FuzzDictionary.lines(FuzzTarget.INGOT_TOKENIZER).contains("\"INGOTTOK\\x01\\x00\\x00\\x00\""));
    }

    private static void assertWords(FuzzTarget target, String... words) throws IOException {
        var known = FuzzDictionary.names(target);
        for (String word : words) {
            assertTrue(known.contains(word), target + ": " + word);
        }
    }

    @Test
    void theInputsStaySmall() throws IOException {
        long bytes = 0;
        for (FuzzTarget target : FuzzTarget.values()) {
            bytes += Files.size(FuzzInputs.archive(ROOT, target));
        }
        assertTrue(bytes < 3 << 19, bytes + " bytes");
    }

    private static boolean accepts(FuzzRun run, byte[] input, String origin) throws IOException {
        try {
            return run.accepts(input);
        } catch (RuntimeException | Error e) {
            throw new AssertionError("input made from " + origin, e);
        }
    }

    private static List<Path> files(Path below) throws IOException {
        try (Stream<Path> files = Files.walk(below)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Replaces, cuts out or doubles a few bytes. */
    private static byte[] mutate(byte[] input, Random random) {
        int at = random.nextInt(input.length + 1);
        int n = Math.min(1 + random.nextInt(9), input.length - at);
        byte[] part = Arrays.copyOfRange(input, at, at + n);
        return switch (random.nextInt(4)) {
            case 0 -> splice(input, at, n, new byte[0]);
            case 1 -> splice(input, at, 0, part);
            case 2 -> {
                random.nextBytes(part);
                yield splice(input, at, n, part);
            }
            default -> splice(input, at, Math.min(1, n), new byte[] {(byte) random.nextInt(256)});
        };
    }

    private static byte[] splice(byte[] input, int at, int cut, byte[] with) {
        byte[] out = new byte[input.length - cut + with.length];
        System.arraycopy(input, 0, out, 0, at);
        System.arraycopy(with, 0, out, at, with.length);
        System.arraycopy(input, at + cut, out, at + with.length, input.length - at - cut);
        return out;
    }
}
