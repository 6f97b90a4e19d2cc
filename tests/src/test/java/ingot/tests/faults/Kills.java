package ingot.tests.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Kills {@code ingot convert} at moments spread over its whole run, from the start of the JVM to the last rename. After each the
 * output must be what it was before, or whole; and the command, given once more (with {@code --resume} where there is work
 * to resume), must make the bytes of an undisturbed run and leave nothing else behind.
 *
 * <p>Of the JDK alone, so that {@code tests/faults/run} starts it from its source: KIND KILLS GOLDEN-OUTPUTS
 * COMMAND...
 */
public final class Kills {
    private static final byte[] OLD = "what was there before".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final String OUTPUT = "x.ingot";
    private static final String PART = "." + OUTPUT + ".part";
    private static final String WORK = OUTPUT + ".work";

    /** What a killed conversion may leave beside its output. */
    private static final Set<String> STALE = Set.of(PART, "." + OUTPUT + ".lock", WORK, "." + WORK + ".lock");

    /** What is converted: a folder below golden-outputs, options, and those of the run after the kill. */
    enum Kind {
        PLAIN("models/qwen3-6m-gutenberg", "--type int4", ""),
        CALIBRATED(
                "checkpoints/qwen2-e2e",
                "--type int4 --method gptq --calibration-tokens 64 --calibration-length 32",
                "--resume");

        private final String source;
        private final String options;
        private final String again;

        Kind(String source, String options, String again) {
            this.source = source;
            this.options = options;
            this.again = again;
        }

        private List<String> words(boolean resumed) {
            return Stream.of((options + (resumed ? " " + again : "")).trim().split(" "))
                    .toList();
        }
    }

    /** How far runs were when they died, and what became of them. */
    static final class Tally {
        int kills;
        int tooLate;
        int nothing;
        int writing;
        int working;
        int whole;
        int resumed;
        int killedAgain;
        long undisturbed;

        @Override
        public String toString() {
            return kills + " killed (" + nothing + " before anything was written, " + working
                    + " while calibrating, " + writing + " while writing, " + whole + " with the output whole), "
                    + tooLate + " had ended; " + resumed + " went on behind finished layers, " + killedAgain
                    + " of these killed once more; all the same bytes; an undisturbed run takes "
                    + undisturbed / 1_000_000
                    + " ms of processors";
        }
    }

    private final List<String> command;
    private final Kind kind;
    private final Path golden;
    private final Path folder;
    private final SplittableRandom random;
    private final Tally tally = new Tally();
    private byte[] expected = {};

    /**
     * @param command that converts when {@code convert SRC -o OUT} is put behind it
     * @param folder empty
     */
    Kills(List<String> command, Kind kind, Path golden, Path folder, long seed) {
        this.command = command;
        this.kind = kind;
        this.golden = golden;
        this.folder = folder;
        this.random = new SplittableRandom(seed);
    }

    /** Kills so many runs; {@link AssertionError} at the first that leaves what it must not. */
    Tally run(int kills) throws IOException, InterruptedException {
        for (int i = 0; i < 2; i++) {
            // The first one reads what lies in the system's cache from then on.
            tally.undisturbed = finish(false);
        }
        expected = Files.readAllBytes(output());
        for (int i : shuffled(kills)) {
            boolean old = random.nextBoolean();
            Files.deleteIfExists(output());
            if (old) {
                Files.write(output(), OLD);
            }
            // A little beyond the end, for not all runs take the same time.
            kill((long) (1.05 * tally.undisturbed * (i + random.nextDouble()) / kills));
            require(old, "kill " + i);
            count();
            if (!kind.again.isEmpty() && i % 4 == 0) {
                kill((long) (tally.undisturbed * random.nextDouble()));
                require(old, "second kill " + i);
                tally.killedAgain++;
            }
            resume(i);
            if (tally.kills % 20 == 0) {
                System.err.println(tally);
            }
        }
        return tally;
    }

    /** The parts of a run in any order, so that the first half of the kills already says something. */
    private int[] shuffled(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private Path output() {
        return folder.resolve(OUTPUT);
    }

    private Process start(boolean resumed) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of("convert", golden.resolve(kind.source).toString(), "-o", output().toString(), "--force"));
        all.addAll(List.of("--threads", "2"));
        all.addAll(kind.words(resumed));
        return new ProcessBuilder(all)
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
    }

    private Path log() {
        return folder.resolveSibling(folder.getFileName() + ".log");
    }

    /** Runs to the end, whatever lies there; what that took. */
    private long finish(boolean resumed) throws IOException, InterruptedException {
        Process process = start(resumed);
        long took = await(process, Long.MAX_VALUE);
        int exit = process.waitFor();
        check(exit == 0, "exit code " + exit + ": " + Files.readString(log()));
        check(names().equals(Set.of(OUTPUT)), "left behind: " + names());
        return took;
    }

    private void kill(long nanos) throws IOException, InterruptedException {
        Process process = start(names().contains(WORK));
        await(process, nanos);
        if (!process.isAlive()) {
            tally.tooLate++;
        }
        process.destroyForcibly().waitFor();
    }

    /**
     * Returns when the process has ended or has used so much time of the processors: how far a run is after so much time of
     * the clock depends on what else the machine does. Of the clock where the system does not count.
     */
    private static long await(Process process, long nanos) throws InterruptedException {
        long start = System.nanoTime();
        long used = 0;
        boolean counted = false;
        do {
            Optional<Duration> processors = process.info().totalCpuDuration();
            if (processors.isPresent()) {
                used = processors.get().toNanos();
                counted = true;
            } else if (!counted) {
                used = System.nanoTime() - start;
            }
        } while (used < nanos && !process.waitFor(1, TimeUnit.MILLISECONDS));
        return used;
    }

    /** The output is what it was, or whole; beside it lies nothing but what the next run knows. */
    private void require(boolean old, String when) throws IOException {
        Set<String> others = names();
        if (others.remove(OUTPUT)) {
            byte[] found = Files.readAllBytes(output());
            check(
                    Arrays.equals(found, expected) || (old && Arrays.equals(found, OLD)),
                    when + ": " + found.length + " bytes under the final name that are neither old nor whole");
        } else {
            check(!old, when + ": the old output is gone");
        }
        others.removeAll(STALE);
        check(others.isEmpty(), when + ": left behind " + others);
    }

    private void count() throws IOException {
        Set<String> names = names();
        boolean whole = names.contains(OUTPUT) && Arrays.equals(Files.readAllBytes(output()), expected);
        tally.kills++;
        if (whole) {
            tally.whole++;
        } else if (names.contains(PART)) {
            tally.writing++;
        } else if (names.contains(WORK)) {
            tally.working++;
        } else {
            tally.nothing++;
        }
    }

    private void resume(int round) throws IOException, InterruptedException {
        finish(true);
        if (Files.readString(log()).matches("(?s).*going on with the work .* behind (layer|the output head).*")) {
            tally.resumed++;
        }
        check(Arrays.equals(Files.readAllBytes(output()), expected), "round " + round + ": other bytes");
    }

    private Set<String> names() throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            Set<String> names = new TreeSet<>();
            list.forEach(p -> names.add(String.valueOf(p.getFileName())));
            return names;
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** KIND KILLS GOLDEN-OUTPUTS COMMAND...: prints one line. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("ingot-kills");
        Kind kind = Kind.valueOf(args[0].toUpperCase(Locale.ROOT));
        Kills kills =
                new Kills(List.of(args).subList(3, args.length), kind, Path.of(args[2]), folder, System.nanoTime());
        System.out.println(args[0] + ": " + kills.run(Integer.parseInt(args[1])));
        Files.delete(kills.output());
        Files.delete(kills.log());
        Files.delete(folder);
    }
}
