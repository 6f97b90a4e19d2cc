package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.json.Json;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.runtime.perplexity.LogitsFileWriter;
import ingot.runtime.perplexity.PerplexityOptions;
import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A small right file for each target. */
final class SweepFiles {
    /** Whole at the end of each of its lines, or nearly anywhere. */
    private static final int MANY = -1;

    private final Path recorded;
    private final Path root;
    private final Path work;
    private final List<Sweep> all = new ArrayList<>();

    private SweepFiles(Path root, Path work) {
        this.root = root;
        this.recorded = root.resolve("golden-outputs");
        this.work = work;
    }

    /** @param work an empty folder, to make files in */
    static List<Sweep> all(Path root, Path work) throws IOException {
        SweepFiles files = new SweepFiles(root, Files.createDirectories(work));
        files.weights();
        files.ingot();
        files.model();
        files.tokenizers();
        files.described();
        files.signatures();
        return files.all;
    }

    private void add(FuzzTarget target, String what, byte[] bytes) {
        add(target, what, bytes, 0);
    }

    private void add(FuzzTarget target, String what, byte[] bytes, int wholePrefixes) {
        all.add(new Sweep(target, what, bytes, bytes.length, wholePrefixes));
    }

    private byte[] recorded(String file) throws IOException {
        return Files.readAllBytes(recorded.resolve(file));
    }

    private void weights() throws IOException {
        byte[] weights = new TinyModel().weightsFile();
        all.add(new Sweep(FuzzTarget.SAFETENSORS, "safetensors", weights, 8 + IngotBytes.headerLength(weights), 0));
        add(FuzzTarget.TORCH_ZIP, "PyTorch, archive", recorded("torch/module.bin"));
        add(FuzzTarget.TORCH_PICKLE, "PyTorch, its pickle", new TorchModel().pickle());
        add(FuzzTarget.TORCH_LEGACY, "PyTorch before 1.6", recorded("torch/views-legacy.bin"));
        GgufWriter gguf = Tiny.model();
        // The 168 bytes of the last tensor are padded to 192, which need not be there.
        all.add(new Sweep(FuzzTarget.GGUF, "GGUF", gguf.build(), gguf.header().length, 24));
    }

    private void ingot() throws IOException {
        byte[] ingot = IngotBytes.tiny("nf4-dq");
        all.add(new Sweep(FuzzTarget.INGOT, ".ingot", ingot, 8 + IngotBytes.headerLength(ingot), 0));
        // Of the type that the target puts it into.
        String manifest = IngotBytes.of(IngotBytes.tiny("int4"))
                .metadata()
                .path("ingot.manifest")
                .stringValue();
        add(FuzzTarget.INGOT_MANIFEST, ".ingot, its manifest", manifest.getBytes(UTF_8));
    }

    private void model() throws IOException {
        Path model = IndexCases.write(Files.createDirectory(work.resolve("index")), index -> {});
        add(FuzzTarget.CONFIG, "config.json", Files.readAllBytes(model.resolve("config.json")));
        add(FuzzTarget.INDEX, "index JSON", Files.readAllBytes(model.resolve("model.safetensors.index.json")));
        // Its last byte is a line end.
        add(
                FuzzTarget.GENERATION,
                "generation_config.json",
                recorded("checkpoints/qwen1-e2e/generation_config.json"),
                1);
    }

    private void tokenizers() throws IOException {
        Path tokenizer = TokenizerCases.tokenizer(
                Files.createDirectory(work.resolve("tokens")), TokenizerCases.VOCAB, json -> {});
        add(FuzzTarget.TOKENIZER, "tokenizer.json", Files.readAllBytes(tokenizer.resolve("tokenizer.json")));
        add(
                FuzzTarget.INGOT_TOKENIZER,
                ".ingot, its tokenizer",
                TokenizerReader.read(tokenizer).encode());
        // Its last byte is a line end.
        add(
                FuzzTarget.TOKENIZER_CONFIG,
                "tokenizer_config.json",
                recorded("checkpoints/qwen1-e2e/tokenizer_config.json"),
                1);
        add(FuzzTarget.TOKENIZER_VOCAB, "vocab.json and others", vocabulary(), MANY);
        add(FuzzTarget.TOKENIZER_RANKS, "qwen.tiktoken", recorded("checkpoints/qwen1-e2e/qwen.tiktoken"), MANY);
        add(FuzzTarget.TEMPLATE, "chat template", recorded("tokenizers/chat-templates/qwen2.5.jinja"), MANY);
    }

    private static byte[] vocabulary() {
        return String.join(
                        "\0",
                        Json.compact(TokenizerCases.byteVocabulary()),
                        "#version: 0.2\na b\n",
                        "{\"<end>\":257,\"<more>\":258}",
                        "{\"eos_token\":{\"content\":\"<end>\"},\"additional_special_tokens\":[\"<more>\"]}")
                .getBytes(UTF_8);
    }

    private void described() throws IOException {
        add(FuzzTarget.ADAPTER, "LoRA adapter", DescribedFolders.adapters().getFirst());
        add(
                FuzzTarget.QUANTIZED,
                "quantized folder",
                DescribedFolders.quantized(work).getFirst());
        add(
                FuzzTarget.MODEL,
                "model folder",
                DescribedFolders.models(root, work).getFirst());
        add(FuzzTarget.GOLDEN, "golden file", DescribedFolders.golden(root).getFirst());
        Path logits = work.resolve("logits");
        PerplexityOptions options = new PerplexityOptions(6, 0);
        try (LogitsFileWriter file =
                new LogitsFileWriter(logits, options, 5, new int[] {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1})) {
            for (int i = 0; i < 2 * options.scored(); i++) {
                file.append(new float[] {i, 1, -2, 0.5f, 3}, 4);
            }
            file.commit();
        }
        add(FuzzTarget.LOGITS, "log-probabilities", Files.readAllBytes(logits));
        add(
                FuzzTarget.CALIBRATION,
                "calibration data",
                "{\"ids\":[1,2,3,4,5,6,7,8,9]}\n{\"ids\": [0]}\n".getBytes(UTF_8),
                MANY);
    }

    private void signatures() throws IOException {
        // Its last byte is a line end.
        add(FuzzTarget.SIGNATURE, "signature", FuzzSignatures.rightBundle(work, true), 1);
        add(FuzzTarget.SIGNATURE_STATEMENT, "signature, its statement", FuzzSignatures.rightStatement(work));
    }
}
