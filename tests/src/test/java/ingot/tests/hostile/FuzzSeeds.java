package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import ingot.tests.signing.Forged;
import ingot.tests.signing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipFile;

/** Writes what fuzzing begins with: the small files of the corpus of bad inputs and of the recorded checkpoints. */
final class FuzzSeeds {
    /** Larger inputs are changed in too few places to be worth their time. */
    private static final int MAX = 16 << 10;

    private final Path out;

    private FuzzSeeds(Path out) {
        this.out = out;
    }

    /** Arguments: the repository, the folder to write {@code TARGET/HASH} to. */
    public static void main(String[] args) throws IOException {
        Path root = Path.of(args[0]);
        FuzzSeeds seeds = new FuzzSeeds(Path.of(args[1]));
        Path work = Files.createTempDirectory("ingot-seeds");
        try {
            for (HostileCase c : HostileCorpus.all()) {
                if (!c.name().startsWith("row-28")) {
                    HostileCorpus.make(c, work);
                    seeds.folder(work.resolve(c.name()));
                    Trees.delete(work.resolve(c.name()));
                }
            }
            seeds.complete(work);
            seeds.right(root, work);
            seeds.signatures();
            for (String recorded : List.of("checkpoints", "torch", "tokenizers/chat-templates")) {
                seeds.folder(root.resolve("golden-outputs").resolve(recorded));
            }
            for (String line : Files.readAllLines(root.resolve("golden-outputs/templates/jinja2-corpus.jsonl"))) {
                var template = Json.parseObject(line.getBytes(UTF_8), root, JsonBound.INPUT)
                        .path("template");
                seeds.add(FuzzTarget.TEMPLATE, template.asString().getBytes(UTF_8));
            }
        } finally {
            Trees.delete(work);
        }
    }

    /** A right file for every target, and of those that are JSON every value of other kinds. */
    private void right(Path root, Path work) throws IOException {
        for (Sweep sweep : SweepFiles.all(root, work.resolve("right"))) {
            add(sweep.target(), sweep.bytes());
            if (sweep.target().form() == FuzzTarget.Form.JSON) {
                JsonVariants variants = new JsonVariants(sweep.bytes());
                for (int i = 0; i < variants.count(); i++) {
                    add(sweep.target(), variants.get(i));
                }
            }
        }
        for (byte[] model : DescribedFolders.models(root, work)) {
            add(FuzzTarget.MODEL, model);
        }
        for (byte[] quantized : DescribedFolders.quantized(work)) {
            add(FuzzTarget.QUANTIZED, quantized);
        }
        for (byte[] golden : DescribedFolders.golden(root)) {
            add(FuzzTarget.GOLDEN, golden);
        }
        Path recorded = root.resolve("golden-outputs/checkpoints/qwen2-e2e");
        add(
                FuzzTarget.TOKENIZER_VOCAB,
                (Files.readString(recorded.resolve("vocab.json")) + "\0"
                                + Files.readString(recorded.resolve("merges.txt")))
                        .getBytes(UTF_8));
        for (String text :
                List.of("ab <end>\n\u00e9", "\ufeff{\"text\": \"ab\"}\n\n{\"text\": \"\"}", "{\"ids\":[]}")) {
            add(FuzzTarget.CALIBRATION, text.getBytes(UTF_8));
        }
    }

    /** Bundles of others, and what is signed in them. */
    private void signatures() throws IOException {
        try (var files = Files.walk(Vectors.DATA)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                String text = Files.readString(file);
                if (text.contains("\"dsseEnvelope\"") && !file.toString().contains("schemas")) {
                    add(FuzzTarget.SIGNATURE, text.getBytes(UTF_8));
                    add(FuzzTarget.SIGNATURE_STATEMENT, Forged.payload(file).getBytes(UTF_8));
                }
            }
        }
    }

    /** Right files of every kind. */
    private void complete(Path work) throws IOException {
        folder(TokenizerCases.tokenizer(
                Files.createDirectory(work.resolve("tokenizer")), TokenizerCases.VOCAB, root -> {}));
        for (String type : List.of("f32", "bf16", "int8", "int4", "nf4-dq", "iq4")) {
            byte[] file = IngotBytes.tiny(type);
            add(FuzzTarget.INGOT, file);
            manifest(file);
        }
        add(FuzzTarget.TORCH_PICKLE, new TorchModel().pickle());
        add(FuzzTarget.GGUF, Tiny.model().build());
        add(FuzzTarget.GGUF, gguf().build());
    }

    /** A model in GGUF with a tokenizer, of more tokens than the model has. */
    private static GgufWriter gguf() {
        List<String> tokens = new ArrayList<>(TokenizerCases.byteVocabulary().propertyNames());
        return Tiny.model()
                .text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "qwen2")
                .strings("tokenizer.ggml.tokens", tokens)
                .ints("tokenizer.ggml.token_type", Collections.nCopies(tokens.size(), 1))
                .strings("tokenizer.ggml.merges", List.of("a b"))
                .u32("tokenizer.ggml.eos_token_id", 2);
    }

    private void folder(Path folder) throws IOException {
        try (var walk = Files.walk(folder)) {
            for (Path p : (Iterable<Path>) walk::iterator) {
                if (Files.isRegularFile(p, LinkOption.NOFOLLOW_LINKS) && Files.size(p) <= MAX) {
                    file(p.getFileName().toString(), p);
                }
            }
        }
    }

    private void file(String name, Path path) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        switch (name) {
            case "generation_config.json" -> add(FuzzTarget.GENERATION, bytes);
            case "config.json" -> add(FuzzTarget.CONFIG, bytes);
            case "tokenizer.json" -> add(FuzzTarget.TOKENIZER, bytes);
            case "tokenizer_config.json" -> add(FuzzTarget.TOKENIZER_CONFIG, bytes);
            case "qwen.tiktoken" -> add(FuzzTarget.TOKENIZER_RANKS, bytes);
            default -> extension(name, path, bytes);
        }
    }

    private void extension(String name, Path path, byte[] bytes) throws IOException {
        if (name.endsWith(".index.json")) {
            add(FuzzTarget.INDEX, bytes);
        } else if (name.endsWith(".safetensors")) {
            add(FuzzTarget.SAFETENSORS, bytes);
        } else if (name.endsWith(".gguf")) {
            add(FuzzTarget.GGUF, bytes);
        } else if (name.endsWith(".jinja")) {
            add(FuzzTarget.TEMPLATE, bytes);
        } else if (name.endsWith(".ingot")) {
            add(FuzzTarget.INGOT, bytes);
            manifest(bytes);
        } else if (name.endsWith(".bin")) {
            boolean zip = bytes.length > 1 && bytes[0] == 'P' && bytes[1] == 'K';
            add(zip ? FuzzTarget.TORCH_ZIP : FuzzTarget.TORCH_LEGACY, bytes);
            pickle(path);
        }
    }

    private void pickle(Path path) throws IOException {
        try (ZipFile zip = new ZipFile(path.toFile())) {
            for (var entry : Collections.list(zip.entries())) {
                if (entry.getName().endsWith("/data.pkl")) {
                    add(FuzzTarget.TORCH_PICKLE, zip.getInputStream(entry).readAllBytes());
                }
            }
        } catch (java.util.zip.ZipException e) {
            // Made wrong on purpose.
            return;
        }
    }

    private void manifest(byte[] ingot) throws IOException {
        try {
            String manifest =
                    IngotBytes.of(ingot).metadata().path("ingot.manifest").asString();
            add(FuzzTarget.INGOT_MANIFEST, manifest.getBytes(UTF_8));
        } catch (IngotException
                | ArithmeticException
                | IllegalArgumentException
                | IndexOutOfBoundsException
                | ClassCastException
                | java.nio.BufferUnderflowException e) {
            // No header to take the manifest from.
            return;
        }
    }

    private void add(FuzzTarget target, byte[] bytes) throws IOException {
        Path folder = Files.createDirectories(out.resolve(target.label()));
        if (bytes.length > 0 && bytes.length <= MAX) {
            Files.write(folder.resolve("%08x-%d".formatted(Arrays.hashCode(bytes), bytes.length)), bytes);
        }
    }
}
