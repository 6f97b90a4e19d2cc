package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.gguf.GgufTensor;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.ingot.IngotFile;
import ingot.formats.io.TensorFile;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.torch.TorchFile;
import ingot.runtime.kernel.Backend;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.template.ChatRequest;
import ingot.runtime.template.ChatTemplate;
import ingot.runtime.template.TemplateLimits;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What each {@link FuzzTarget} does with its input. */
final class FuzzReaders {
    static final ModelOptions PLAIN =
            ModelOptions.defaults().withBackend(Backend.SCALAR).withThreads(1);

    /** Small, so that a loop which only counts does not keep a fuzzer for a second each time. */
    private static final TemplateLimits SHORT = new TemplateLimits(1 << 20, 400, 100_000, 1 << 20, 4 << 20);

    private FuzzReaders() {}

    static FuzzReader safetensors(Path folder) {
        Path path = folder.resolve("x.safetensors");
        return input -> {
            Files.write(path, input);
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                long end = file.dataStart();
                for (TensorInfo t : file.tensors().sequencedValues()) {
                    require(t.offset() == end && t.shape().count() * t.dtype().bits() == 8 * t.bytes(), t);
                    end += t.bytes();
                }
                require(end == input.length, end);
                readAll(file, input.length);
            }
        };
    }

    static FuzzReader torch(Path folder) {
        Path path = folder.resolve("x.bin");
        return input -> {
            Files.write(path, input);
            try (TorchFile file = TorchFile.open(path)) {
                for (TensorInfo t : file.tensors().values()) {
                    require(t.shape().count() * t.dtype().bytes() == t.bytes(), t);
                }
                readAll(file, input.length);
            }
        };
    }

    static FuzzReader pickle(Path folder) {
        FuzzReader archive = torch(folder);
        return input -> {
            ZipBytes zip = new TorchModel().zip();
            zip.entry(TorchModel.TOP + "data.pkl").replace(input);
            archive.read(zip.bytes());
        };
    }

    /** No tensor may be larger than its file: neither format repeats or compresses. */
    private static void readAll(TensorFile file, int fileLength) {
        for (TensorInfo t : file.tensors().values()) {
            require(t.bytes() <= fileLength, t);
            file.read(t, 0, MemorySegment.ofArray(new byte[(int) t.bytes()]));
        }
    }

    static FuzzReader gguf(Path folder) {
        Path path = folder.resolve("x.gguf");
        return input -> {
            Files.write(path, input);
            try (GgufFile file = GgufFile.open(path)) {
                for (GgufTensor t : file.tensors().values()) {
                    require(t.offset() >= 0 && t.offset() + t.bytes() <= input.length, t);
                    file.read(t, 0, MemorySegment.ofArray(new byte[(int) t.bytes()]));
                }
                file.describeMetadata();
            }
            try (GgufModel model = GgufModel.open(path)) {
                model.tokenizer().ifPresent(FuzzReaders::use);
                for (TensorInfo t : model.tensors().tensors().values()) {
                    // Blocks are widened to F32: the smallest hold eight weights in a byte of three.
                    require(t.bytes() <= 32L * input.length, t);
                    model.tensors().read(t, 0, MemorySegment.ofArray(new byte[(int) t.bytes()]));
                }
            }
            Model.open(path, PLAIN).close();
        };
    }

    static FuzzReader ingot(Path folder) {
        Path path = folder.resolve("x.ingot");
        return input -> {
            Files.write(path, input);
            try (IngotFile file = IngotFile.open(path)) {
                file.verify(Progress.none());
            }
            Model.open(path, PLAIN).close();
        };
    }

    static FuzzReader manifest(Path folder) throws IOException {
        FuzzReader whole = ingot(folder);
        byte[] right = IngotBytes.tiny("int4");
        return input -> {
            IngotBytes bytes = IngotBytes.of(right);
            bytes.metadata().put("ingot.manifest", new String(input, UTF_8));
            whole.read(bytes.seal());
        };
    }

    static FuzzReader storedTokenizer(Path folder) {
        Path origin = folder.resolve("x.ingot");
        return input -> use(TokenizerData.decode(ByteBuffer.wrap(input), origin));
    }

    static FuzzReader config(Path folder) throws IOException {
        Path model = new TinyModel().write(folder);
        Path config = model.resolve("config.json");
        return input -> {
            Files.write(config, input);
            // Without the weights first: more of the configurations get to the end of their own checks.
            IngotException contradiction = null;
            try {
                var json = Json.readObject(config, JsonBound.CONFIG);
                ModelConfigs.read(json, config);
                GenerationDefaults.read(Optional.of(json), json);
            } catch (IngotException.BadData | IngotException.ConfigMismatch e) {
                contradiction = e;
            }
            HfFolder.open(model).close();
            if (contradiction != null) {
                throw contradiction;
            }
            Model.open(model, PLAIN).close();
        };
    }

    static FuzzReader tokenizer(Path folder) {
        Path file = folder.resolve("tokenizer.json");
        return input -> {
            Files.write(file, input);
            use(TokenizerReader.read(folder));
        };
    }

    static FuzzReader tokenizerConfig(Path folder) throws IOException {
        TokenizerCases.tokenizer(folder, TokenizerCases.VOCAB, root -> {});
        return input -> {
            Files.write(folder.resolve("tokenizer_config.json"), input);
            use(TokenizerReader.read(folder));
        };
    }

    static FuzzReader ranks(Path folder) {
        Path file = folder.resolve("qwen.tiktoken");
        return input -> {
            Files.write(file, input);
            use(TokenizerReader.read(folder));
        };
    }

    /** Encodes and decodes a little with the tokenizer that was read, and stores it. */
    static void use(TokenizerData data) {
        Tokenizer tokenizer = Tokenizer.of(data);
        tokenizer.decode(tokenizer.encode("ab <end>\u00e9 1\u0000"));
        data.encode();
    }

    static FuzzReader index(Path folder) throws IOException {
        Path model = IndexCases.write(folder, root -> {});
        return input -> {
            Files.write(model.resolve("model.safetensors.index.json"), input);
            try (HfFolder open = HfFolder.open(model)) {
                for (TensorInfo t : open.weights().tensors().values()) {
                    open.weights().read(t, 0, MemorySegment.ofArray(new byte[(int) t.bytes()]));
                }
            }
        };
    }

    static FuzzReader template(Path folder) {
        Path origin = folder.resolve("chat_template.jinja");
        JsonNode messages = json("""
                [{"role": "system", "content": "a <b>"}, {"role": "user", "content": "\u00e9 {{ x }}"},
                 {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {"n": 1.5}}]},
                 {"role": "tool", "content": "7"}]
                """);
        JsonNode tools = json("[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {}}}]");
        return input -> {
            ChatTemplate template = ChatTemplate.compile(new String(input, UTF_8), origin, SHORT);
            String text =
                    template.render(ChatRequest.of(messages).withTools(tools).withGenerationPrompt(true));
            require(text.length() <= SHORT.outputChars(), text.length());
        };
    }

    private static JsonNode json(String text) {
        return Json.parse(text.getBytes(UTF_8), Path.of("request.json"), JsonBound.INPUT);
    }

    static void require(boolean condition, Object what) {
        if (!condition) {
            throw new AssertionError(what.toString());
        }
    }
}
