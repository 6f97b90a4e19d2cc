package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A calibrated conversion that is interrupted, taken up again, or gets in another one's way. */
final class ResumeTest extends Interrupted {
    /** What an undisturbed conversion told. */
    private final Steps steps = new Steps();

    /** Its progress calls. */
    private int calls;

    /** Counts calls and steps. */
    private static final class Steps implements Progress {
        private final Set<Integer> begun = new TreeSet<>();
        private int calls;
        private int layers;

        @Override
        public void step(String phase, long done, long total, Unit unit) {
            calls++;
        }

        @Override
        public void layer(String phase, Layers at) {
            calls++;
            begun.add(at.layer());
            layers = at.layers();
        }
    }

    @Override
    Progress undisturbed() {
        return steps;
    }

    @BeforeEach
    void count() {
        calls = steps.calls;
        assertTrue(calls > 50, "progress is told " + calls + " times");
    }

    /** Stops at a progress call, counted from 0. */
    private void stopAt(int call, ConvertOptions options) {
        int[] left = {call};
        stop(options, (phase, done, total, unit) -> {
            if (left[0]-- == 0) {
                throw new Stopped();
            }
        });
    }

    @Test
    void stoppedAnywhere() throws IOException {
        for (int call = 3; call < calls; call += calls / 5) {
            stopAt(call, options(false));
            assertFalse(Files.exists(out));
            int finished = 0;
            while (Files.exists(work().resolve("step-" + finished + ".json"))) {
                finished++;
            }
            Steps resumed = new Steps();
            new Converter(options(true)).convert(SOURCE, out, resumed);
            // The output head is the last step.
            Set<Integer> left =
                    IntStream.rangeClosed(finished, steps.layers).boxed().collect(Collectors.toSet());
            assertEquals(left, resumed.begun, "steps of a run that is taken up behind " + finished);
            assertSameAndClean();
            Files.delete(out);
        }
    }

    /** Without drift correction one stream of activations is taken up again, with it two. */
    @Test
    void stoppedWithoutDriftCorrection() throws IOException {
        Rounding.Feedback how = new Rounding.Feedback(Order.Kind.ACTIVATION, 0);
        Path other = temp.resolve("other.ingot");
        Files.move(whole, other);
        Checkpoints.convert(SOURCE, whole, Checkpoints.gptq(TYPE, data, how, false));
        assertTrue(Files.mismatch(whole, other) >= 0, "drift correction changes nothing");
        Files.delete(other);
        for (int call : new int[] {calls / 4, calls / 2}) {
            stopAt(call, Checkpoints.gptq(TYPE, data, how, false));
            refused(SOURCE, options(true));
            convert(Checkpoints.gptq(TYPE, data, how, true));
            assertSameAndClean();
            Files.delete(out);
        }
    }

    /** Five processes die at random moments, each going on where the one before died. */
    @Test
    void killed() throws IOException, InterruptedException {
        SplittableRandom random = new SplittableRandom(11);
        int kills = 0;
        for (int i = 0; i < 5; i++) {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
            command.add("-Dingot.root=" + System.getProperty("ingot.root"));
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), Checkpoints.class.getName()));
            command.addAll(List.of(SOURCE.toString(), out.toString(), TYPE, data.toString()));
            command.add(Integer.toString(random.nextInt(calls / 3)));
            Path log = temp.resolve("log");
            int exit = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
            assertTrue(exit == 9 || exit == 0, Files.readString(log));
            kills += exit == 9 ? 1 : 0;
            Files.delete(log);
        }
        assertTrue(kills >= 2, "killed " + kills + " times");
        convert(options(true).withOverwrite(true));
        assertSameAndClean();
    }

    @Test
    void resumingSomethingElse() throws IOException {
        stopAt(calls / 2, options(false));
        Path other = Files.writeString(temp.resolve("other.jsonl"), Files.readString(data) + Checkpoints.line(1, 2, 3));
        CalibrationOptions same = new CalibrationOptions(Optional.of(data), 2048, 32, 0);
        CalibrationOptions shorter = new CalibrationOptions(Optional.of(data), 2048, 31, 0);
        CalibrationOptions fewer = new CalibrationOptions(Optional.of(data), 96, 32, 0);
        CalibrationOptions seeded = new CalibrationOptions(Optional.of(data), 2048, 32, 1);
        ConvertOptions right = options(true);
        for (ConvertOptions wrong : List.of(
                Checkpoints.gptq("int4:64", data, true),
                Checkpoints.gptq(TYPE, other, true),
                right.withKeep(List.of(ConvertOptions.Keep.parse("down_proj=int8"))),
                right.withMethod(new ConvertOptions.Method.Gptq(same, Rounding.Feedback.in(Order.Kind.NATURAL), true)),
                right.withMethod(
                        new ConvertOptions.Method.Gptq(shorter, Rounding.Feedback.in(Order.Kind.ACTIVATION), true)),
                right.withMethod(
                        new ConvertOptions.Method.Gptq(fewer, Rounding.Feedback.in(Order.Kind.ACTIVATION), true)),
                right.withMethod(
                        new ConvertOptions.Method.Gptq(seeded, Rounding.Feedback.in(Order.Kind.ACTIVATION), true)))) {
            refused(SOURCE, wrong);
        }
        refused(Checkpoints.folder("qwen2-e2e"), options(true));
        Files.delete(other);
        convert(right);
        assertSameAndClean();
    }

    private void refused(Path source, ConvertOptions options) {
        var e = assertThrows(IngotException.Usage.class, () -> Checkpoints.convert(source, out, options));
        assertTrue(e.getMessage().contains("another source or other options"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void withoutResumeOldWorkIsDiscarded() throws IOException {
        stopAt(calls / 2, Checkpoints.gptq("int8", data, false));
        assertTrue(Files.isDirectory(work()));
        List<String> notes = notes(options(false));
        assertEquals(1, notes.size());
        assertTrue(
                notes.getFirst().contains("throws away") && notes.getFirst().contains("finished layer"),
                notes.toString());
        assertSameAndClean();
    }

    /** What was found is said in one line, and nothing where nothing is at stake. */
    @Test
    void saysWhatItFound() throws IOException {
        assertEquals(List.of(), notes(options(false)));
        Files.delete(out);
        List<String> none = notes(options(true));
        assertTrue(none.size() == 1 && none.getFirst().contains("there is no work in"), none.toString());
        Files.delete(out);
        stopAt(calls / 4, options(false));
        List<String> some = notes(options(true));
        assertTrue(
                some.size() == 1 && some.getFirst().matches("going on with .* behind layer [0-9]/[0-9]"),
                some.toString());
        assertSameAndClean();
    }

    private List<String> notes(ConvertOptions options) {
        List<String> notes = new ArrayList<>();
        new Converter(options).convert(SOURCE, out, new Progress() {
            @Override
            public void step(String phase, long done, long total, Unit unit) {}

            @Override
            public void note(String sentence) {
                notes.add(sentence);
            }
        });
        return notes;
    }

    @Test
    void twoAtOnce() throws IOException, InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread first = Thread.ofPlatform().start(() -> {
            try {
                new Converter(options(false)).convert(SOURCE, out, (phase, done, total, unit) -> {
                    begun.countDown();
                    try {
                        over.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
            } catch (RuntimeException e) {
                failure.set(e);
            }
        });
        assertTrue(begun.await(60, TimeUnit.SECONDS));
        for (boolean resume : new boolean[] {false, true}) {
            assertThrows(IngotException.Busy.class, () -> convert(options(resume)));
        }
        over.countDown();
        first.join();
        assertEquals(null, failure.get());
        assertSameAndClean();
    }

    @Test
    void anOutputThatExistsIsRefusedAtOnce() throws IOException {
        Files.writeString(out, "here first");
        assertThrows(IngotException.CannotCreate.class, () -> convert(options(false)));
        assertFalse(Files.exists(work()));
        assertEquals("here first", Files.readString(out));
    }
}
