package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.IngotException;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.adapter.AdapterSource;
import ingot.formats.block.Grouped;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.HfFolder;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.quantized.CarriedCodes;
import ingot.formats.quantized.IntegerMatrix;
import ingot.formats.quantized.QuantizedSource;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.runtime.Model;
import ingot.runtime.Session;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.perplexity.LogitsFile;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Targets whose input stands for a file among others, or for several files. Where it is JSON of several, these are its fields:
 * {@code config}, {@code adapter_config}, {@code quantize_config}, and {@code tensors}, which are {@link DescribedTensors}.
 */
final class FuzzFolders {
    /** Names of the files that the parts of a {@link FuzzTarget#TOKENIZER_VOCAB} are, each ended by a zero byte. */
    private static final List<String> VOCABULARY =
            List.of("vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json");

    private static final int MAX_DATA = 1 << 20;

    /** A matrix of one bit per weight is 32 times as large when it is read. */
    private static final int MAX_PACKED = 1 << 16;

    private FuzzFolders() {}

    static FuzzReader generation(Path folder) throws IOException {
        Path model = new TinyModel().write(folder);
        return input -> {
            Files.write(model.resolve("generation_config.json"), input);
            try (HfFolder open = HfFolder.open(model)) {
                GenerationDefaults.read(open.generationConfig(), open.config());
            }
            Model.open(model, FuzzReaders.PLAIN).close();
        };
    }

    static FuzzReader vocabulary(Path folder) {
        return input -> {
            String[] parts = new String(input, ISO_8859_1).split("\0", -1);
            for (int i = 0; i < VOCABULARY.size(); i++) {
                Path file = folder.resolve(VOCABULARY.get(i));
                if (i < parts.length) {
                    Files.write(file, parts[i].getBytes(ISO_8859_1));
                } else {
                    Files.deleteIfExists(file);
                }
            }
            FuzzReaders.use(TokenizerReader.read(folder));
        };
    }

    static FuzzReader adapter(Path folder) throws IOException {
        Path base = new TinyModel().write(Files.createDirectories(folder.resolve("base")));
        Path adapter = Files.createDirectories(folder.resolve("adapter"));
        return input -> {
            ObjectNode described = Json.parseObject(input, folder, JsonBound.INPUT);
            put(described, "adapter_config", adapter);
            tensors(described, adapter.resolve("adapter_model.safetensors"), MAX_DATA);
            try (HfFolder model = HfFolder.open(base);
                    AdapterSource merged = AdapterSource.open(model.weights(), adapter)) {
                for (TensorInfo t : merged.tensors().values()) {
                    TensorInfo old = model.weights().tensors().get(t.name());
                    FuzzReaders.require(old != null && old.shape().equals(t.shape()), t);
                }
                readAll(merged);
            }
        };
    }

    static FuzzReader quantized(Path folder) {
        return input -> {
            ObjectNode described = Json.parseObject(input, folder, JsonBound.INPUT);
            put(described, "config", folder);
            put(described, "quantize_config", folder);
            tensors(described, folder.resolve("model.safetensors"), MAX_PACKED);
            try (HfFolder model = HfFolder.open(folder)) {
                readAll(model.weights());
                if (model.weights() instanceof QuantizedSource source) {
                    source.tensors().keySet().forEach(name -> carry(source, name));
                }
            }
        };
    }

    /** Looks whether the codes of a matrix can be stored as they are, as a conversion does. */
    private static void carry(QuantizedSource source, String name) {
        source.packed(name).ifPresent(packed -> {
            packed.describe();
            packed.natural().ifPresent(layout -> {
                if (layout instanceof Grouped grouped && packed instanceof IntegerMatrix matrix) {
                    CarriedCodes.holds(matrix, grouped);
                }
            });
        });
    }

    static FuzzReader model(Path folder) {
        return input -> {
            ObjectNode described = Json.parseObject(input, folder, JsonBound.INPUT);
            put(described, "config", folder);
            tensors(described, folder.resolve("model.safetensors"), MAX_DATA);
            try (HfFolder model = HfFolder.open(folder)) {
                readAll(model.weights());
            }
            try (Model model = Model.open(folder, FuzzReaders.PLAIN);
                    Session session = model.newSession()) {
                float[] logits = session.forward(0);
                FuzzReaders.require(logits.length == model.info().vocabSize(), logits.length);
            }
        };
    }

    static FuzzReader golden(Path folder) {
        Path file = folder.resolve("golden.safetensors");
        return input -> {
            tensors(Json.parseObject(input, folder, JsonBound.INPUT), file, MAX_DATA);
            try (GoldenFile golden = GoldenFile.open(file)) {
                for (GoldenPrompt prompt : golden.prompts()) {
                    float[] logits = new float[golden.vocabSize()];
                    for (int i = 0; i < prompt.length(); i++) {
                        golden.readLogits(prompt, i, logits);
                    }
                    float[] hidden = new float[prompt.hidden().isEmpty() ? 0 : golden.hiddenSize(prompt)];
                    for (String name : prompt.hidden().keySet()) {
                        golden.readHidden(prompt, name, 0, hidden);
                    }
                }
            }
        };
    }

    static FuzzReader logits(Path folder) {
        Path path = folder.resolve("base.kld");
        return input -> {
            Files.write(path, input);
            try (LogitsFile file = LogitsFile.open(path)) {
                int scored = new PerplexityOptions(file.context(), 0).scored();
                float[] row = new float[file.vocabSize()];
                for (int i = 0; i < file.chunks() * scored; i++) {
                    file.read(i / scored, i % scored, row);
                }
                FuzzReaders.require(file.tokens().length == file.chunks() * file.context(), path);
            }
        };
    }

    static FuzzReader calibration(Path folder) throws IOException {
        Path model = TokenizerCases.tokenizer(
                Files.createDirectories(folder.resolve("model")), TokenizerCases.VOCAB, root -> {});
        Optional<Tokenizer> tokenizer = Optional.of(Tokenizer.of(TokenizerReader.read(model)));
        Path data = folder.resolve("data.jsonl");
        var options = new CalibrationOptions(Optional.of(data), 64, 7, 1);
        return input -> {
            Files.write(data, input);
            CalibrationSet.read(options, tokenizer, TokenizerCases.VOCAB);
        };
    }

    /** Writes {@code NAME.json} into the folder, or takes it away where it is not described. */
    private static void put(ObjectNode described, String name, Path folder) throws IOException {
        JsonNode value = described.path(name);
        if (value.isMissingNode()) {
            Files.deleteIfExists(folder.resolve(name + ".json"));
        } else {
            Files.write(folder.resolve(name + ".json"), Json.compact(value).getBytes(UTF_8));
        }
    }

    private static void tensors(ObjectNode described, Path file, int maxBytes) throws IOException {
        Files.write(file, DescribedTensors.file(described.path("tensors"), maxBytes));
    }

    private static void readAll(TensorSource source) {
        for (TensorInfo t : source.tensors().values()) {
            if (t.bytes() > 32L * MAX_DATA) {
                throw new IngotException.BadData("more than a fuzzer has time for");
            }
            source.read(t, 0, MemorySegment.ofArray(new byte[(int) t.bytes()]));
        }
    }
}
