package ingot.tests.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.runtime.HiddenConsumer;
import ingot.runtime.LogitsConsumer;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.verify.Subject;
import ingot.runtime.verify.Thresholds;
import ingot.runtime.verify.Verifier;
import ingot.runtime.verify.VerifyReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verdict on a subject whose every fault is known. */
final class VerifierTest {
    @TempDir
    Path folder;

    /** Predicts id + 1 mod 3; hidden states are constants of the layer. */
    private static final class Counter implements Subject {
        float noise;
        float brokenLayer;
        int stumbleAt = -1;

        @Override
        public int vocabSize() {
            return 3;
        }

        private float[] row(int id) {
            float[] row = new float[3];
            row[(id + 1) % 3] = 4 + noise;
            return row;
        }

        @Override
        public void logits(int[] tokens, LogitsConsumer sink) {
            for (int i = 0; i < tokens.length; i++) {
                sink.accept(i, row(tokens[i]));
            }
        }

        @Override
        public void trace(int[] tokens, HiddenConsumer sink) {
            for (String name : new String[] {"embed", "layer.0", "layer.1", "final_norm"}) {
                for (int i = 0; i < tokens.length; i++) {
                    float error = name.equals("layer.1") || name.equals("final_norm") ? brokenLayer : 0;
                    sink.accept(name, i, new float[] {1 + error, -1});
                }
            }
        }

        @Override
        public int[] greedy(int[] prompt, int count) {
            int[] out = new int[count];
            for (int i = 0; i < count; i++) {
                out[i] = (prompt[prompt.length - 1] + 1 + i) % 3;
            }
            return out;
        }

        @Override
        public int next(int[] tokens) {
            int right = (tokens[tokens.length - 1] + 1) % 3;
            return tokens.length == stumbleAt ? (right + 1) % 3 : right;
        }

        @Override
        public void close() {}
    }

    private GoldenFile golden() throws IOException {
        GoldenFiles files = new GoldenFiles()
                .longs("prompt.0.input_ids", 0, 1)
                .floats("prompt.0.logits", 2, 3, 0, 4, 0, 0, 0, 4)
                .longs("prompt.0.greedy_ids", 2, 0, 1)
                .longs("prompt.0.greedy_ids_cached", 2, 0, 1);
        for (String name : new String[] {"embed", "layer.0", "layer.1", "final_norm"}) {
            files.floats("prompt.0.hidden." + name, 2, 2, 1, -1, 1, -1);
        }
        return GoldenFile.open(files.write(folder.resolve("golden")));
    }

    private VerifyReport verify(Counter subject) throws IOException {
        try (GoldenFile golden = golden()) {
            return Verifier.verify(subject, golden, Thresholds.EXACT, Progress.none());
        }
    }

    @Test
    void equalPasses() throws IOException {
        VerifyReport report = verify(new Counter());
        assertTrue(report.pass());
        assertEquals(0, report.overall().nmse(), 0);
        assertEquals(1, report.overall().top1(), 0);
        assertEquals(new VerifyReport.Greedy(6, 6), report.prompts().getFirst().greedy());
        assertEquals(4, report.layers().size());
        assertEquals(Optional.empty(), report.departs());
    }

    @Test
    void errorIsMeasured() throws IOException {
        Counter subject = new Counter();
        subject.noise = 0.5f;
        VerifyReport report = verify(subject);
        // Two squared errors of ¼ against Σ(b − 4/3)² = 2·(8/3)² + 4·(4/3)² = 64/3.
        assertEquals(0.5 / (64.0 / 3), report.overall().nmse(), 1e-12);
        assertEquals(0.5, report.overall().maxAbs(), 0);
        assertFalse(report.pass());
        assertEquals(1, report.failures().size(), "NMSE only: " + report.failures());
        double zp = Math.log(Math.exp(4) + 2);
        double zq = Math.log(Math.exp(4.5) + 2);
        double kld = Math.exp(4 - zp) * (4 - zp - (4.5 - zq)) + 2 * Math.exp(-zp) * (zq - zp);
        assertEquals(kld, report.overall().meanKld(), 1e-12);
    }

    @Test
    void wrongGreedyTokenFails() throws IOException {
        Counter subject = new Counter();
        subject.stumbleAt = 3;
        VerifyReport report = verify(subject);
        assertFalse(report.pass());
        assertEquals(
                new VerifyReport.Greedy(1 + 3, 6), report.prompts().getFirst().greedy());
    }

    @Test
    void firstLayerThatDepartsIsNamed() throws IOException {
        Counter subject = new Counter();
        subject.brokenLayer = 0.1f;
        assertEquals(Optional.of("layer.1"), verify(subject).departs());
    }

    @Test
    void nanFails() throws IOException {
        Counter subject = new Counter();
        subject.noise = Float.NaN;
        assertFalse(verify(subject).pass());
    }

    @Test
    void anotherVocabularyIsRefused() throws IOException {
        Path file = new GoldenFiles()
                .longs("prompt.0.input_ids", 0)
                .floats("prompt.0.logits", 1, 2, 1, 2)
                .write(folder.resolve("other"));
        try (GoldenFile golden = GoldenFile.open(file)) {
            assertThrows(
                    IngotException.ConfigMismatch.class,
                    () -> Verifier.verify(new Counter(), golden, Thresholds.EXACT, Progress.none()));
        }
    }
}
