package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.io.AtomicFile;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.tests.cli.ChildCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** F2 and F5: a disk that is full, becomes full, takes only small files, or takes none. */
final class DiskTest extends Benched {
    /** F2: a disk that cannot hold the output is noticed before anything is written. */
    @Test
    void aDiskThatIsTooSmallIsNamedWithTheBytesNeeded() {
        IngotException e =
                assertThrows(IngotException.ReadWrite.class, () -> AtomicFile.create(bench.out(), false, 1L << 60));
        assertTrue(Bench.message(e).contains("needs " + (1L << 60) + " bytes"), e::getMessage);
    }

    /** F2, by the command: a disk of 256 KB for an output of 480 KB. */
    @Test
    void theCommandNamesTheBytesNeeded() throws IOException, InterruptedException {
        Path source = bench.model(20_000);
        Path small = folder.resolve("small");
        Bench.onSmallDisk(small, "256k", () -> {
            var outcome = ChildCommand.run(
                    Bench.QUICK,
                    "convert",
                    source.toString(),
                    "-o",
                    small.resolve("x.ingot").toString(),
                    "--type",
                    "f32");
            Bench.requireRefused(outcome, 74, "needs \\d{6} bytes, the disk has \\d+ left");
            assertEquals(List.of(), Bench.names(small));
        });
    }

    /** F2: the limit is met while writing. */
    @Test
    void aFileSizeLimitEndsTheConversionAndRemovesTheTemporaryFile() throws IOException, InterruptedException {
        Bench.needsLinux();
        // ulimit counts blocks of 512 or 1024 bytes, as the shell likes: far below the 480 KB of the output either way.
        var outcome = ChildCommand.runUnder(
                List.of("sh", "-c", "ulimit -f 100; exec \"$@\"", "sh"),
                List.of("-Xshare:off", "-XX:-UsePerfData"),
                bench.convert(bench.model(20_000), "f32"));
        Bench.requireRefused(outcome, 74, "writing failed at byte \\d+ of \\d+ needed");
        assertEquals(List.of(), bench.names());
    }

    /** F2: the same on a file system that fills up behind the converter's back. */
    @Test
    void aDiskThatFillsUpEndsTheConversion() throws IOException, InterruptedException {
        Path source = bench.model(20_000);
        Path small = folder.resolve("small");
        Bench.onSmallDisk(small, "1m", () -> {
            Progress fill = Bench.once(() -> Bench.fillUp(small.resolve("ballast")));
            IngotException e = assertThrows(
                    IngotException.ReadWrite.class,
                    () -> Bench.converter("f32").convert(source, small.resolve("x.ingot"), fill));
            assertTrue(Bench.message(e).matches(".*x\\.ingot: .* \\d+ .*"), e::getMessage);
            assertEquals(List.of("ballast"), Bench.names(small));
        });
    }

    /** F2, calibrated: what is finished stays, and once there is room the conversion goes on with it. */
    @Test
    void aDiskThatFillsUpInterruptsACalibration() throws IOException, InterruptedException {
        Path source = bench.model(7);
        Path tokens = bench.tokens();
        Bench.calibrated(tokens, false).convert(source, bench.out(), Progress.none());
        Path small = folder.resolve("small");
        Bench.onSmallDisk(small, "1m", () -> {
            Path out = small.resolve("x.ingot");
            Path ballast = small.resolve("ballast");
            AtomicBoolean full = new AtomicBoolean();
            Progress fill = new Progress() {
                @Override
                public void step(String phase, long done, long total, Unit unit) {}

                @Override
                public void layer(String phase, Layers at) {
                    // Behind the first layer.
                    if (at.layer() == 1 && full.compareAndSet(false, true)) {
                        Bench.fillUp(ballast);
                    }
                }
            };
            IngotException e = assertThrows(
                    IngotException.ReadWrite.class,
                    () -> Bench.calibrated(tokens, false).convert(source, out, fill));
            assertTrue(full.get());
            assertTrue(Bench.message(e).contains("No space left"), e::getMessage);
            assertEquals(List.of("ballast", "x.ingot.work"), Bench.names(small));
            Files.delete(ballast);
            Bench.calibrated(tokens, true).convert(source, out, Progress.none());
            assertEquals(-1, Files.mismatch(bench.out(), out), "the bytes of an undisturbed conversion");
            assertEquals(List.of("x.ingot"), Bench.names(small));
        });
    }

    /** F2, calibrated: refused before hours of work when the disk cannot hold what is worked out. */
    @Test
    void aDiskThatIsTooSmallForACalibrationIsNamedWithTheBytesNeeded() throws IOException, InterruptedException {
        Path source = bench.model(20_000);
        Path tokens = bench.tokens();
        Path small = folder.resolve("small");
        Bench.onSmallDisk(small, "64k", () -> {
            AtomicBoolean computed = new AtomicBoolean();
            Progress progress = new Progress() {
                @Override
                public void step(String phase, long done, long total, Unit unit) {}

                @Override
                public void layer(String phase, Layers at) {
                    computed.set(true);
                }
            };
            IngotException e = assertThrows(
                    IngotException.ReadWrite.class,
                    () -> Bench.calibrated(tokens, false).convert(source, small.resolve("x.ingot"), progress));
            assertTrue(Bench.message(e).matches(".*x\\.ingot\\.work: needs \\d+ bytes, .*"), e::getMessage);
            assertFalse(computed.get());
        });
    }

    /** F2: a device is no place for a file. */
    @Test
    void aDeviceAsOutputIsRefused() throws IOException, InterruptedException {
        Path device = Path.of("/dev/full");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(device), "no /dev/full here");
        var outcome = ChildCommand.run(
                Bench.QUICK, "convert", bench.model(7).toString(), "-o", device.toString(), "--type", "f32", "--force");
        Bench.requireRefused(outcome, 74, "not a regular file; \\d+ bytes cannot be kept there");
    }

    /** F5: nothing is computed for an output that cannot be written, calibrated or not. */
    @Test
    void aReadOnlyFolderIsRefusedBeforeAnythingIsComputed() throws IOException, InterruptedException {
        Path source = bench.model(7);
        Path tokens = bench.tokens();
        Path readOnly = Files.createDirectory(folder.resolve("read-only"));
        Bench.mounted(
                readOnly,
                () -> {
                    Bench.mount("-o", "remount,ro,bind", readOnly.toString());
                    for (Converter converter : List.of(Bench.converter("f32"), Bench.calibrated(tokens, false))) {
                        AtomicBoolean computed = new AtomicBoolean();
                        Progress progress = (phase, done, total, unit) ->
                                computed.compareAndSet(false, !phase.startsWith("hashing"));
                        assertThrows(
                                IngotException.CannotCreate.class,
                                () -> converter.convert(source, readOnly.resolve("x.ingot"), progress));
                        assertFalse(computed.get());
                    }
                    var outcome = ChildCommand.run(
                            Bench.QUICK, "convert", source.toString(), "-o", readOnly + "/x.ingot", "--type", "f32");
                    Bench.requireRefused(outcome, 73, "cannot be created: Read-only file system");
                },
                "--bind",
                readOnly.toString(),
                readOnly.toString());
    }

    @Test
    void aFolderThatIsNotThereIsRefused() throws IOException {
        Path source = bench.model(7);
        Path nowhere = folder.resolve("nowhere").resolve("x.ingot");
        assertThrows(
                IngotException.CannotCreate.class,
                () -> Bench.converter("f32").convert(source, nowhere, Progress.none()));
        assertTrue(Files.notExists(folder.resolve("nowhere")));
    }

    @Test
    void anExistingOutputStaysUnlessToldOtherwise() throws IOException {
        Path source = bench.model(7);
        Files.writeString(bench.out(), "mine");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("f32"));
        assertThrows(
                IngotException.CannotCreate.class,
                () -> new Converter(options).convert(source, bench.out(), Progress.none()));
        assertEquals("mine", Files.readString(bench.out()));
    }
}
