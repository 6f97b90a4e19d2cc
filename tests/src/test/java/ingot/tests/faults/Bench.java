package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.Rounding;
import ingot.quant.gptq.Order;
import ingot.tests.cli.ChildCommand;
import ingot.tests.hostile.Commands;
import ingot.tests.hostile.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;

/** What the tests of faults share: a model, a folder for the output, the command, and ways to spoil things. */
final class Bench {
    /** A JVM that starts fast. */
    static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private final Path folder;
    private final Path out;

    /** @param folder empty */
    Bench(Path folder) throws IOException {
        this.folder = folder;
        this.out = Files.createDirectory(folder.resolve("out")).resolve("x.ingot");
    }

    Path out() {
        return out;
    }

    /** A checkpoint of 15 tensors, two of which have {@code vocab} rows of 24 bytes. */
    Path model(int vocab) throws IOException {
        return model(vocab, "model");
    }

    Path model(int vocab, String name) throws IOException {
        return new TinyModel(vocab).write(Files.createDirectory(folder.resolve(name)));
    }

    /** Texts of tokens to calibrate it on. */
    Path tokens() throws IOException {
        return Files.writeString(folder.resolve("t.jsonl"), "{\"ids\": [1, 2, 3, 4, 5, 6, 0]}\n".repeat(5));
    }

    static Converter converter(String type) {
        return new Converter(
                ConvertOptions.of(ConvertOptions.layout(type)).withThreads(1).withOverwrite(true));
    }

    static Converter calibrated(Path tokens, boolean resume) {
        var calibration = new CalibrationOptions(Optional.of(tokens), 35, 7, 0);
        return new Converter(ConvertOptions.of(ConvertOptions.layout("int4"))
                .withMethod(new ConvertOptions.Method.Gptq(
                        calibration, Rounding.Feedback.in(Order.Kind.ACTIVATION), resume))
                .withThreads(1)
                .withOverwrite(true));
    }

    /** {@code convert SOURCE -o OUT}, replacing what is there. */
    String[] convert(Path source, String type, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "convert", source.toString(), "-o", out.toString(), "--type", type, "--force", "--threads", "2"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    /** The command under a program; it must end so, with one line that matches, and leave {@code names} beside the output. */
    static void requireRefused(ChildCommand.Outcome outcome, int exit, String complaint) {
        assertEquals(exit, outcome.exit(), outcome::err);
        assertTrue(outcome.complaint().matches("(?s)ingot: .*(" + complaint + ").*"), outcome::err);
    }

    List<String> names() throws IOException {
        return names(out.resolveSibling("."));
    }

    static List<String> names(Path folder) throws IOException {
        try (var list = Files.list(folder)) {
            return list.map(p -> String.valueOf(p.getFileName())).sorted().toList();
        }
    }

    /** Does something once, at the first sign of progress. */
    static Progress once(Runnable fault) {
        AtomicBoolean done = new AtomicBoolean();
        return (phase, at, total, unit) -> {
            if (done.compareAndSet(false, true)) {
                fault.run();
            }
        };
    }

    static void truncate(Path file, long size) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a file of the same length; a new one under the name, or into the old one. */
    static void rewrite(Path file, byte[] bytes, boolean replaced) {
        try {
            if (replaced) {
                Files.delete(file);
            }
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves nothing of a disk. */
    static void fillUp(Path ballast) {
        byte[] block = new byte[4096];
        try (FileChannel channel = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (channel.write(ByteBuffer.wrap(block)) > 0) {
                // Until the disk is full.
            }
        } catch (IOException e) {
            // It is.
        }
    }

    /** A disk of its own for a piece of work; skips the test where that needs more rights. */
    static void onSmallDisk(Path folder, String size, Work work) throws IOException, InterruptedException {
        Files.createDirectory(folder);
        mounted(folder, work, "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString());
    }

    /** Mounts, works, and mounts no more. */
    static void mounted(Path folder, Work work, String... arguments) throws IOException, InterruptedException {
        mount(arguments);
        try {
            work.run();
        } finally {
            Commands.run(List.of("umount", folder.toString()));
        }
    }

    static void mount(String... arguments) {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        try {
            Commands.run(command);
        } catch (IOException e) {
            Assumptions.abort("needs the right to mount: " + e.getMessage());
        }
    }

    /** Something that may fail. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** Skips the test where limits of the shell and signals are not those of Linux. */
    static void needsLinux() {
        Assumptions.assumeTrue(
                System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux"), "needs Linux");
    }

    static String message(IngotException e) {
        return String.valueOf(e.getMessage());
    }
}
