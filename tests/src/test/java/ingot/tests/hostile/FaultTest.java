package ingot.tests.hostile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.ingot.IngotFile;
import ingot.formats.io.AtomicFile;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens around a conversion: a full disk, a source that changes, a second converter, sudden death. */
final class FaultTest {
    @TempDir
    private Path folder;

    private Path out = Path.of("unset");

    @BeforeEach
    void makeOutputFolder() throws IOException {
        out = Files.createDirectory(folder.resolve("out")).resolve("x.ingot");
    }

    /** F1: at any moment the output is absent, the old one, or the new one whole; the next run ends the same as ever. */
    @Test
    void aKilledConverterLeavesNothingHalf() throws Exception {
        Path source = model(20_000);
        IngotBytes.convert(source, out, "int4");
        byte[] whole = Files.readAllBytes(out);
        Files.delete(out);
        Random random = new Random(7);
        int killed = 0;
        for (int round = 0; round < 20; round++) {
            Process child = ChildJvm.start(List.of(), source, out, "int4", folder.resolve("log"));
            // Wait for the converter to begin, then a random moment of its work.
            while (child.isAlive() && Files.notExists(out.resolveSibling(".x.ingot.part"))) {
                child.waitFor(1, TimeUnit.MILLISECONDS);
            }
            child.waitFor(random.nextInt(250), TimeUnit.MILLISECONDS);
            child.destroyForcibly().waitFor();
            killed += child.exitValue() == 0 ? 0 : 1;
            if (Files.exists(out)) {
                assertArrayEquals(whole, Files.readAllBytes(out), "round " + round);
            }
        }
        assertTrue(killed > 0, "no child was killed in time");
        Files.deleteIfExists(out);
        IngotBytes.convert(source, out, "int4");
        assertArrayEquals(whole, Files.readAllBytes(out));
        assertEquals(List.of("x.ingot"), names(), "stale temporary files are reaped");
    }

    /** F2: a disk that cannot hold the output is noticed before anything is written. */
    @Test
    void aDiskThatIsTooSmallIsNamedWithTheBytesNeeded() {
        IngotException e = assertThrows(IngotException.ReadWrite.class, () -> AtomicFile.create(out, false, 1L << 60));
        assertTrue(String.valueOf(e.getMessage()).contains("needs " + (1L << 60) + " bytes"), e::getMessage);
    }

    /** F2: the limit is met while writing. */
    @Test
    void aFileSizeLimitEndsTheConversionAndRemovesTheTemporaryFile() throws IOException {
        Path source = model(20_000);
        // ulimit counts blocks of 512 or 1024 bytes, as the shell likes: far below the 480 KB of the output either way.
        Path log = Files.createFile(folder.resolve("log"));
        Process child = ChildJvm.start(
                List.of("sh", "-c", "ulimit -f 100; exec \"$@\"", "sh"),
                List.of("-Xshare:off"),
                source,
                out,
                "f32",
                log);
        ChildJvm.Outcome outcome = ChildJvm.await(child, log);
        assertTrue(outcome.threw(IngotException.ReadWrite.class), outcome::output);
        assertTrue(outcome.output().matches("(?s).*writing failed at byte \\d+ of \\d+ needed.*"), outcome::output);
        assertEquals(List.of(), names());
    }

    /** F2: the same on a file system that fills up behind the converter's back. */
    @Test
    void aDiskThatFillsUpEndsTheConversion() throws IOException {
        Path source = model(20_000);
        Path small = Files.createDirectory(folder.resolve("small"));
        mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString());
        try {
            Progress fill = (phase, done, total, unit) -> {
                if (Files.notExists(small.resolve("ballast"))) {
                    fillUp(small.resolve("ballast"));
                }
            };
            IngotException e = assertThrows(
                    IngotException.ReadWrite.class,
                    () -> converter("f32").convert(source, small.resolve("x.ingot"), fill));
            assertTrue(String.valueOf(e.getMessage()).matches(".*x\\.ingot: .* \\d+ .*"), e::getMessage);
            assertEquals(List.of("ballast"), names(small));
        } finally {
            Commands.run(List.of("umount", small.toString()));
        }
    }

    /** F2: a device is no place for a file. */
    @Test
    void aDeviceAsOutputIsRefused() throws IOException {
        Path source = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        assertThrows(IngotException.ReadWrite.class, () -> IngotBytes.convert(source, Path.of("/dev/full"), "f32"));
    }

    /** F3, at the lowest level: the offset where the file ended is named. */
    @Test
    void aTruncatedSourceIsAnErrorOfReading() throws IOException {
        Path weights = model(1000).resolve("model.safetensors");
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            var embed = file.tensors().sequencedValues().getFirst();
            long cut = embed.offset() + 100;
            truncate(weights, cut);
            IngotException e = assertThrows(
                    IngotException.ReadWrite.class,
                    () -> file.read(embed, 0, MemorySegment.ofArray(new byte[(int) embed.bytes()])));
            assertTrue(String.valueOf(e.getMessage()).contains("model.safetensors: @" + cut + ": "), e::getMessage);
        }
    }

    /** F3, in the middle of a conversion. */
    @Test
    void aSourceTruncatedWhileItIsConvertedIsAnErrorOfReading() throws IOException {
        Path source = model(200_000);
        Path weights = source.resolve("model.safetensors");
        IngotException e = assertThrows(
                IngotException.ReadWrite.class,
                () -> converter("int4").convert(source, out, once(() -> truncate(weights, 5000))));
        assertTrue(
                String.valueOf(e.getMessage()).matches(".*model\\.safetensors: @\\d+: the file ended.*"),
                e::getMessage);
        assertEquals(List.of(), names());
    }

    /** F3 for a mapped source: the JVM survives it. */
    @Test
    void anIngotSourceTruncatedWhileItIsConvertedIsAnError() throws IOException {
        Path source = folder.resolve("source.ingot");
        IngotBytes.convert(model(200_000), source, "int8");
        assertThrows(
                IngotException.ReadWrite.class,
                () -> converter("int4").convert(source, out, once(() -> truncate(source, 9000))));
        assertEquals(List.of(), names());
    }

    /** F4: another file of the same size under the same name, and the same file written anew. */
    @Test
    void aSourceRewrittenWhileItIsConvertedIsBadData() throws IOException {
        for (boolean replaced : new boolean[] {true, false}) {
            Path source = model(20_000, "model" + replaced);
            Path weights = source.resolve("model.safetensors");
            byte[] bytes = Files.readAllBytes(weights);
            bytes[bytes.length - 1] ^= 1;
            IngotException e = assertThrows(
                    IngotException.BadData.class,
                    () -> converter("f32").convert(source, out, once(() -> rewrite(weights, bytes, replaced))));
            assertTrue(String.valueOf(e.getMessage()).contains("model.safetensors: was changed"), e::getMessage);
            assertEquals(List.of(), names());
        }
    }

    /** F5: nothing is computed for an output that cannot be written. */
    @Test
    void aReadOnlyFolderIsRefusedBeforeAnythingIsComputed() throws IOException {
        Path source = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        Path readOnly = Files.createDirectory(folder.resolve("read-only"));
        mount("--bind", readOnly.toString(), readOnly.toString());
        try {
            mount("-o", "remount,ro,bind", readOnly.toString());
            AtomicBoolean computed = new AtomicBoolean();
            assertThrows(
                    IngotException.CannotCreate.class,
                    () -> converter("f32")
                            .convert(source, readOnly.resolve("x.ingot"), (p, d, t, u) -> computed.set(true)));
            assertFalse(computed.get());
        } finally {
            Commands.run(List.of("umount", readOnly.toString()));
        }
    }

    @Test
    void aFolderThatIsNotThereIsRefused() throws IOException {
        Path source = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        Path nowhere = folder.resolve("nowhere").resolve("x.ingot");
        assertThrows(IngotException.CannotCreate.class, () -> IngotBytes.convert(source, nowhere, "f32"));
        assertTrue(Files.notExists(folder.resolve("nowhere")));
    }

    /** F7: in this JVM and in another one. */
    @Test
    void aSecondConverterOfTheSameOutputIsToldToWait() throws IOException {
        Path source = model(1000);
        Path log = folder.resolve("log");
        AtomicBoolean tried = new AtomicBoolean();
        Progress second = (phase, done, total, unit) -> {
            if (tried.compareAndSet(false, true)) {
                ChildJvm.Outcome other = runChild(source, log);
                assertTrue(other.threw(IngotException.Busy.class), other::output);
                assertThrows(IngotException.Busy.class, () -> IngotBytes.convert(source, out, "f32"));
            }
        };
        ConvertResult result = converter("f32").convert(source, out, second);
        assertTrue(tried.get());
        assertEquals(Files.size(out), result.bytes());
        try (IngotFile file = IngotFile.open(out)) {
            file.verify(Progress.none());
        }
        assertEquals(List.of("x.ingot"), names());
    }

    /** F11: every name of every file that is read. */
    @Test
    void theOutputMayNotBeAnInput() throws IOException {
        Path source = Files.createDirectory(folder.resolve("model"));
        IndexCases.write(source, root -> {});
        Path weights = source.resolve("model-00001-of-00002.safetensors");
        Path hard = Files.createLink(folder.resolve("hard.ingot"), weights);
        Path soft = Files.createSymbolicLink(folder.resolve("soft.ingot"), weights);
        var before = Trees.listing(folder);
        for (Path output : List.of(
                weights, hard, soft, source.resolve("config.json"), source.resolve("model.safetensors.index.json"))) {
            IngotException e = assertThrows(
                    IngotException.Usage.class, () -> IngotBytes.convert(source, output, "f32"), output.toString());
            assertTrue(String.valueOf(e.getMessage()).contains("is the input"), e::getMessage);
        }
        assertEquals(before, Trees.listing(folder));
    }

    @Test
    void theOutputMayNotBeTheGoldenFile() throws IOException {
        Path source = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        Path golden = Files.write(folder.resolve("golden.safetensors"), TinyModel.file("{}", new byte[0]));
        Path hard = Files.createLink(folder.resolve("hard.ingot"), golden);
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("f32"))
                .withGolden(golden)
                .withOverwrite(true);
        assertThrows(IngotException.Usage.class, () -> new Converter(options).convert(source, hard, Progress.none()));
    }

    @Test
    void anExistingOutputStaysUnlessToldOtherwise() throws IOException {
        Path source = new TinyModel().write(Files.createDirectory(folder.resolve("model")));
        Files.writeString(out, "mine");
        ConvertOptions options = ConvertOptions.of(ConvertOptions.layout("f32"));
        assertThrows(
                IngotException.CannotCreate.class, () -> new Converter(options).convert(source, out, Progress.none()));
        assertEquals("mine", Files.readString(out));
    }

    private Converter converter(String type) {
        return new Converter(
                ConvertOptions.of(ConvertOptions.layout(type)).withThreads(1).withOverwrite(true));
    }

    private Path model(int vocab) throws IOException {
        return model(vocab, "model");
    }

    private Path model(int vocab, String name) throws IOException {
        return new TinyModel(vocab).write(Files.createDirectory(folder.resolve(name)));
    }

    private static ChildJvm.Outcome runChild(Path source, Path log) {
        try {
            return ChildJvm.run(List.of(), source, source.resolveSibling("out").resolve("x.ingot"), "f32", log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Progress once(Runnable fault) {
        AtomicBoolean done = new AtomicBoolean();
        return (phase, at, total, unit) -> {
            if (done.compareAndSet(false, true)) {
                fault.run();
            }
        };
    }

    private static void truncate(Path file, long size) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void rewrite(Path file, byte[] bytes, boolean replaced) {
        try {
            if (replaced) {
                Files.delete(file);
            }
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void fillUp(Path ballast) {
        byte[] block = new byte[4096];
        try (FileChannel channel = FileChannel.open(ballast, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (channel.write(java.nio.ByteBuffer.wrap(block)) > 0) {
                // Until the disk is full.
            }
        } catch (IOException e) {
            // It is.
        }
    }

    private static void mount(String... arguments) {
        List<String> command = new java.util.ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        try {
            Commands.run(command);
        } catch (IOException e) {
            Assumptions.abort("needs the right to mount: " + e.getMessage());
        }
    }

    private List<String> names() throws IOException {
        return names(out.resolveSibling("."));
    }

    private static List<String> names(Path folder) throws IOException {
        try (var list = Files.list(folder)) {
            return list.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }
}
