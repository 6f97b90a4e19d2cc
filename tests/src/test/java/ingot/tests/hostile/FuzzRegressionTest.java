package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
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

    /** Each 61st prefix and bit; all of them: {@code tests/fuzz/run sweep}. */
    @Test
    void sweepsAreAcceptedOrRefused() throws IOException {
        for (Sweep sweep : Sweep.all(ROOT, folder)) {
            Sweep.Outcome outcome = sweep.run(folder, 61);
            if (sweep.target() != FuzzTarget.TEMPLATE) {
                assertEquals((sweep.wholePrefixes() + 60) / 61, outcome.prefixesAccepted(), sweep.what());
            }
            assertTrue(outcome.flipsAccepted() < outcome.flips(), sweep.what());
        }
    }

    @Test
    void theInputsStaySmall() throws IOException {
        long bytes = 0;
        for (FuzzTarget target : FuzzTarget.values()) {
            bytes += Files.size(FuzzInputs.archive(ROOT, target));
        }
        assertTrue(bytes < 1 << 20, bytes + " bytes");
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
