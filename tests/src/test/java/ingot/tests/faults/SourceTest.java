package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.tests.cli.ChildCommand;
import ingot.tests.hostile.Commands;
import ingot.tests.hostile.IndexCases;
import ingot.tests.hostile.TinyModel;
import ingot.tests.hostile.Trees;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** F3, F4, F6 and F11: a source that changes while it is read or before it is taken up again, and one that is the output. */
final class SourceTest extends Benched {
    /** F3, at the lowest level: the offset where the file ended is named. */
    @Test
    void aTruncatedSourceIsAnErrorOfReading() throws IOException {
        Path weights = bench.model(1000).resolve("model.safetensors");
        try (SafetensorsFile file = SafetensorsFile.open(weights)) {
            var embed = file.tensors().sequencedValues().getFirst();
            long cut = embed.offset() + 100;
            Bench.truncate(weights, cut);
            IngotException e = assertThrows(
                    IngotException.ReadWrite.class,
                    () -> file.read(embed, 0, MemorySegment.ofArray(new byte[(int) embed.bytes()])));
            assertTrue(Bench.message(e).contains("model.safetensors: @" + cut + ": "), e::getMessage);
        }
    }

    /** F3, in the middle of a conversion. */
    @Test
    void aSourceTruncatedWhileItIsConvertedIsAnErrorOfReading() throws IOException {
        Path source = bench.model(200_000);
        Path weights = source.resolve("model.safetensors");
        Progress cut = Bench.once(() -> Bench.truncate(weights, 5000));
        IngotException e = assertThrows(
                IngotException.ReadWrite.class, () -> Bench.converter("int4").convert(source, bench.out(), cut));
        assertTrue(Bench.message(e).matches(".*model\\.safetensors: @\\d+: the file ended.*"), e::getMessage);
        assertEquals(List.of(), bench.names());
    }

    /** F3 for a mapped source: the JVM survives it. */
    @Test
    void anIngotSourceTruncatedWhileItIsConvertedIsAnError() throws IOException {
        Path source = folder.resolve("source.ingot");
        Bench.converter("int8").convert(bench.model(200_000), source, Progress.none());
        Progress cut = Bench.once(() -> Bench.truncate(source, 9000));
        assertThrows(
                IngotException.ReadWrite.class, () -> Bench.converter("int4").convert(source, bench.out(), cut));
        assertEquals(List.of(), bench.names());
    }

    /** F3 and F4 by the command, from a second process: it is stopped while it works, and goes on behind the change. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theCommandSaysWhatAnotherProcessDidToItsSource(boolean truncated) throws IOException, InterruptedException {
        Bench.needsLinux();
        Path source = bench.model(1_000_000);
        Path weights = source.resolve("model.safetensors");
        byte[] bytes = truncated ? new byte[0] : Files.readAllBytes(weights);
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(
                        ChildCommand.command("ingot.cli.Main", Bench.QUICK, bench.convert(source, "f16")))
                .redirectError(err.toFile())
                .start();
        while (process.isAlive() && Files.notExists(bench.out().resolveSibling(".x.ingot.part"))) {
            process.waitFor(1, TimeUnit.MILLISECONDS);
        }
        Commands.run(List.of("kill", "-STOP", Long.toString(process.pid())));
        if (truncated) {
            Bench.truncate(weights, 5000);
        } else {
            bytes[bytes.length - 1] ^= 1;
            Bench.rewrite(weights, bytes, false);
        }
        Commands.run(List.of("kill", "-CONT", Long.toString(process.pid())));
        process.getInputStream().readAllBytes();
        var outcome = new ChildCommand.Outcome(process.waitFor(), "", Files.readString(err));
        if (truncated) {
            Bench.requireRefused(outcome, 74, "model\\.safetensors: @\\d+: the file ended here");
        } else {
            Bench.requireRefused(outcome, 65, "model\\.safetensors: was changed while it was read");
        }
        assertEquals(List.of(), bench.names());
    }

    /** F4: another file of the same size under the same name, and the same file written anew. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSourceRewrittenWhileItIsConvertedIsBadData(boolean replaced) throws IOException {
        Path source = bench.model(20_000);
        Path weights = source.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Progress change = Bench.once(() -> Bench.rewrite(weights, bytes, replaced));
        IngotException e = assertThrows(
                IngotException.BadData.class, () -> Bench.converter("f32").convert(source, bench.out(), change));
        assertTrue(Bench.message(e).contains("model.safetensors: was changed"), e::getMessage);
        assertEquals(List.of(), bench.names());
    }

    /** F4: of many shards none stays open, and one that is another file by now is noticed all the same. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneOfManyShardsRewrittenWhileTheyAreConvertedIsBadData(boolean replaced) throws IOException {
        Path source = new TinyModel(7, 3).writeShards(Files.createDirectory(folder.resolve("shards")));
        assertEquals(39 + 2, Bench.names(source).size());
        Path shard = source.resolve("shard-20.safetensors");
        byte[] bytes = Files.readAllBytes(shard);
        bytes[bytes.length - 1] ^= 1;
        Progress change = Bench.once(() -> Bench.rewrite(shard, bytes, replaced));
        IngotException e = assertThrows(
                IngotException.BadData.class, () -> Bench.converter("f32").convert(source, bench.out(), change));
        assertTrue(Bench.message(e).contains("shard-20.safetensors: was changed"), e::getMessage);
        assertEquals(List.of(), bench.names());
    }

    /** F4: a companion counts as the weights do. */
    @Test
    void aConfigurationRemovedWhileItIsConvertedIsBadData() throws IOException {
        Path source = bench.model(20_000);
        Progress remove = Bench.once(() -> {
            try {
                Files.delete(source.resolve("config.json"));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        IngotException e = assertThrows(
                IngotException.BadData.class, () -> Bench.converter("f32").convert(source, bench.out(), remove));
        assertTrue(Bench.message(e).contains("config.json: was changed"), e::getMessage);
        assertEquals(List.of(), bench.names());
    }

    /** F6: one weight differs; size, name and modification time are those of before. */
    @Test
    void resumingWithAnotherSourceIsRefusedByItsHash() throws IOException {
        Path source = bench.model(7);
        Path tokens = bench.tokens();
        interrupt(source, tokens);
        Path weights = source.resolve("model.safetensors");
        byte[] right = Files.readAllBytes(weights);
        FileTime time = Files.getLastModifiedTime(weights);
        byte[] wrong = right.clone();
        wrong[wrong.length - 1] ^= 1;
        Files.write(weights, wrong);
        Files.setLastModifiedTime(weights, time);
        var e = assertThrows(
                IngotException.Usage.class,
                () -> Bench.calibrated(tokens, true).convert(source, bench.out(), Progress.none()));
        assertTrue(Bench.message(e).contains("another source or other options"), e::getMessage);
        assertEquals(List.of("x.ingot.work"), bench.names());
        // The same bytes at another time are the same source.
        Files.write(weights, right);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(time.toMillis() + 5000));
        Bench.calibrated(tokens, true).convert(source, bench.out(), Progress.none());
        assertEquals(List.of("x.ingot"), bench.names());
    }

    /** F6 by the command: other options, another text. */
    @Test
    void theCommandRefusesToResumeSomethingElse() throws IOException, InterruptedException {
        Path source = bench.model(7);
        Path tokens = bench.tokens();
        interrupt(source, tokens);
        Path other =
                Files.writeString(folder.resolve("o.jsonl"), Files.readString(tokens, StandardCharsets.UTF_8) + " ");
        for (List<String> calibration : List.of(
                List.of(tokens.toString(), "--calibration-length", "6"), List.of(other.toString(), "--drift", "0.5"))) {
            String[] words = bench.convert(source, "int4", "--resume", "--method", "gptq", "--calibration");
            List<String> all = new java.util.ArrayList<>(List.of(words));
            all.addAll(calibration);
            all.addAll(List.of("--calibration-tokens", "35"));
            var outcome = ChildCommand.run(Bench.QUICK, all.toArray(String[]::new));
            Bench.requireRefused(outcome, 64, "another source or other options|expected at least");
        }
        assertEquals(List.of("x.ingot.work"), bench.names());
    }

    /** Ends a calibration behind its first layer. */
    private void interrupt(Path source, Path tokens) {
        Progress stop = new Progress() {
            @Override
            public void step(String phase, long done, long total, Unit unit) {}

            @Override
            public void layer(String phase, Layers at) {
                if (at.layer() == 1) {
                    throw new IllegalStateException("stopped");
                }
            }
        };
        assertThrows(
                IllegalStateException.class,
                () -> Bench.calibrated(tokens, false).convert(source, bench.out(), stop));
    }

    /** F11: every name of every file that is read. */
    @Test
    void theOutputMayNotBeAnInput() throws IOException, InterruptedException {
        Path source = Files.createDirectory(folder.resolve("sharded"));
        IndexCases.write(source, root -> {});
        Path weights = source.resolve("model-00001-of-00002.safetensors");
        Path hard = Files.createLink(folder.resolve("hard.ingot"), weights);
        Path soft = Files.createSymbolicLink(folder.resolve("soft.ingot"), weights);
        var before = Trees.listing(folder);
        for (Path output : List.of(
                weights, hard, soft, source.resolve("config.json"), source.resolve("model.safetensors.index.json"))) {
            IngotException e = assertThrows(
                    IngotException.Usage.class,
                    () -> Bench.converter("f32").convert(source, output, Progress.none()),
                    output.toString());
            assertTrue(Bench.message(e).contains("is the input"), e::getMessage);
        }
        var outcome = ChildCommand.run(
                Bench.QUICK, "convert", source.toString(), "-o", soft.toString(), "--type", "f32", "--force");
        Bench.requireRefused(outcome, 64, "is the input");
        assertEquals(before, Trees.listing(folder));
    }

    /** F11: what is read beside the model. */
    @Test
    void theOutputMayNotBeTheGoldenFileOrTheCalibrationText() throws IOException {
        Path source = bench.model(7);
        Path golden =
                Path.of(System.getProperty("ingot.root"), "golden-outputs/checkpoints/qwen2-e2e/golden.safetensors");
        Path copy = Files.copy(golden, folder.resolve("golden.safetensors"));
        Path hard = Files.createLink(folder.resolve("hard.ingot"), copy);
        ConvertOptions options =
                ConvertOptions.of(ConvertOptions.layout("f32")).withGolden(copy).withOverwrite(true);
        assertThrows(IngotException.Usage.class, () -> new Converter(options).convert(source, hard, Progress.none()));
        Path tokens = bench.tokens();
        Path link = Files.createLink(folder.resolve("t.ingot"), tokens);
        String text = Files.readString(tokens);
        for (Path output : List.of(tokens, link)) {
            assertThrows(
                    IngotException.Usage.class,
                    () -> Bench.calibrated(tokens, false).convert(source, output, Progress.none()));
        }
        assertEquals(text, Files.readString(tokens));
    }
}
