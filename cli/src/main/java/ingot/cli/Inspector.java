package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.Text;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.GgufPath;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.hf.WeightFiles;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.IngotFormat;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
import ingot.formats.json.Json;
import ingot.formats.quantized.Packed;
import ingot.formats.quantized.QuantizedSource;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.torch.TorchFile;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.perplexity.LogitsFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Says what a file or folder holds, as the JSON of {@code ingot inspect --json}. */
final class Inspector {
    private final Path path;
    private final boolean verify;
    private final Progress progress;
    private final ObjectNode root = Json.object();

    private Inspector(Path path, boolean verify, Progress progress) {
        this.path = path;
        this.verify = verify;
        this.progress = progress;
    }

    /**
     * @param verify read every byte and check every checksum
     * @throws IngotException.BadData for a damaged file, or one of a format that is not known
     */
    static ObjectNode inspect(Path given, boolean verify, Progress progress) {
        if (!Files.exists(given)) {
            throw new IngotException.MissingInput(Text.path(given) + ": no such file or folder");
        }
        Path path = GgufPath.resolve(given);
        Inspector inspector = new Inspector(path, verify, progress);
        if (HfFolder.recognises(path)) {
            inspector.folder();
        } else if (LogitsFile.recognises(path)) {
            inspector.logits();
        } else if (IngotFile.recognises(path)) {
            inspector.ingot();
        } else if (GgufFile.recognises(path)) {
            inspector.gguf();
        } else {
            inspector.weights();
        }
        return inspector.root;
    }

    private void ingot() {
        try (IngotFile file = IngotFile.open(path)) {
            var manifest = file.manifest();
            start("ingot", file.size());
            root.put("version", file.physical().metadata().getOrDefault("ingot.version", ""));
            architecture(manifest.config());
            long parameters = 0;
            long bytes = 0;
            ArrayNode tensors = Json.array();
            for (StoredTensor t : manifest.tensors()) {
                List<TensorInfo> parts =
                        t.parts().stream().map(file::physicalTensor).toList();
                long size = parts.stream().mapToLong(TensorInfo::bytes).sum();
                parameters += t.shape().count();
                bytes += size;
                ObjectNode node = tensor(
                        tensors, t.name(), t.layout().describe(), t.shape().dims());
                place(node, size, file.path(), parts.getFirst().offset());
                node.put("nmse", t.nmse());
                if (parts.size() > 1) {
                    ArrayNode list = node.putArray("parts");
                    parts.forEach(p -> list(list, p));
                }
            }
            totals(parameters, bytes);
            if (manifest.hasTokenizer()) {
                tokenizer(ModelText.data(path));
            }
            ObjectNode provenance = root.putObject("provenance");
            provenance.put("tool", manifest.tool());
            provenance.set("options", manifest.options());
            var sources = provenance.putArray("sources");
            manifest.sources()
                    .forEach(s -> sources.addObject()
                            .put("name", s.name())
                            .put("bytes", s.bytes())
                            .put("sha256", s.sha256()));
            boolean golden =
                    file.physical().tensors().keySet().stream().anyMatch(n -> n.startsWith(IngotFormat.GOLDEN_PREFIX));
            root.put("golden", golden);
            if (verify) {
                file.verify(progress);
            }
            root.put("checksums", verify ? "verified" : "present");
            checksums(file);
            root.set("tensors", tensors);
        }
    }

    private void checksums(IngotFile file) {
        ObjectNode hashes = root.putObject("sha256");
        int i = 0;
        for (TensorInfo t : file.physical().tensors().values()) {
            if (!t.name().equals(IngotFormat.CHECKSUMS)) {
                hashes.put(t.name(), HexFormat.of().formatHex(file.sha256(i)));
            }
            i++;
        }
    }

    private void folder() {
        try (HfFolder folder = HfFolder.open(path)) {
            start(
                    "huggingface",
                    folder.weightFiles().stream().mapToLong(TensorFile::size).sum());
            architecture(folder.config());
            sums(folder.weights().tensors().values());
            if (folder.weights() instanceof QuantizedSource source) {
                quantized(source);
            }
            if (TokenizerReader.isPresent(folder.folder())) {
                tokenizer(TokenizerReader.read(folder.folder()));
            }
            var files = root.putArray("files");
            folder.weightFiles().forEach(f -> files.add(f.path().toString()));
            root.put(
                    "weights",
                    folder.weightFiles().stream()
                            .map(Inspector::format)
                            .distinct()
                            .collect(Collectors.joining(", ")));
            var warnings = root.putArray("warnings");
            folder.warnings().forEach(warnings::add);
            refusal(folder).ifPresent(warnings::add);
            readAll(folder.weights(), folder.weightFiles().stream().allMatch(Inspector::checksums));
            tensors(folder.weights().tensors().values());
        }
    }

    /**
     * How many matrices come in which codes. They are listed as the f32 weights they stand for, so bits per weight are
     * those of the files, headers included.
     */
    private void quantized(QuantizedSource source) {
        ObjectNode counts = root.putObject("quantized");
        source.tensors()
                .keySet()
                .forEach(name -> source.packed(name)
                        .map(Packed::describe)
                        .ifPresent(codes -> counts.put(codes, counts.path(codes).asInt(0) + 1)));
        long parameters = Math.max(1, root.get("parameters").longValue());
        root.put("bits_per_weight", 8.0 * root.get("bytes").longValue() / parameters);
    }

    /** Why convert would refuse the model, if it would by config.json. */
    private static Optional<String> refusal(HfFolder folder) {
        try {
            ModelConfigs.read(folder.config(), folder.folder().resolve("config.json"));
            return Optional.empty();
        } catch (IngotException e) {
            return Optional.of("cannot be converted or run: " + e.getMessage());
        }
    }

    private void gguf() {
        try (GgufModel model = GgufModel.open(path)) {
            start("gguf", model.files().stream().mapToLong(GgufFile::size).sum());
            GgufInspection.describe(model, root);
            architecture(model.config());
            model.tokenizer().ifPresent(this::tokenizer);
            readAll(model.tensors(), false);
            root.set("tensors", GgufInspection.tensors(model));
        }
    }

    /** A file of tensors: its format is decided by its content. */
    private void weights() {
        try (TensorFile file = WeightFiles.open(path)) {
            boolean golden = file.tensors().containsKey("prompt.0.input_ids");
            start(golden ? "golden" : format(file), file.size());
            root.putNull("architecture");
            sums(file.tensors().values());
            if (golden) {
                golden();
            }
            if (file instanceof SafetensorsFile) {
                metadata();
            }
            readAll(file, checksums(file));
            tensors(file.tensors().values());
        }
    }

    private void metadata() {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            ObjectNode metadata = root.putObject("metadata");
            file.metadata().forEach(metadata::put);
        }
    }

    private static String format(TensorFile file) {
        return switch (file) {
            case TorchFile torch ->
                switch (torch.layout()) {
                    case ZIP -> "pytorch zip";
                    case LEGACY -> "pytorch legacy";
                };
            default -> "safetensors";
        };
    }

    /** Zip archives have a CRC-32 of every storage, which reading compares; the other formats have none. */
    private static boolean checksums(TensorFile file) {
        return file instanceof TorchFile torch && torch.layout() == TorchFile.Layout.ZIP;
    }

    private void golden() {
        try (GoldenFile file = GoldenFile.open(path)) {
            root.put("vocabulary", file.vocabSize());
            var prompts = root.putArray("prompts");
            for (GoldenPrompt p : file.prompts()) {
                prompts.addObject()
                        .put("tokens", p.length())
                        .put("greedy", p.greedyIds().length)
                        .put("hidden_states", p.hidden().size());
            }
        }
    }

    private void logits() {
        try (LogitsFile file = LogitsFile.open(path)) {
            start("logits", size(path));
            root.putNull("architecture");
            root.put("context", file.context());
            root.put("vocabulary", file.vocabSize());
            root.put("chunks", file.chunks());
            root.putArray("tensors");
        }
    }

    private void start(String format, long bytes) {
        root.put("format", format);
        root.put("path", path.toString());
        root.put("bytes", bytes);
    }

    private void architecture(ObjectNode config) {
        JsonNode names = config.get("architectures");
        String name = names != null && names.isArray() && !names.isEmpty()
                ? names.get(0).asString("")
                : "";
        if (name.isEmpty()) {
            root.putNull("architecture");
        } else {
            root.put("architecture", name);
        }
        JsonNode type = config.get("model_type");
        if (type != null && type.isString()) {
            root.put("model_type", type.stringValue());
        }
    }

    private void sums(Collection<TensorInfo> tensors) {
        long parameters = 0;
        long bytes = 0;
        for (TensorInfo t : tensors) {
            if (t.dtype().floating()) {
                parameters = Math.addExact(parameters, t.shape().count());
                bytes = Math.addExact(bytes, t.bytes());
            }
        }
        totals(parameters, bytes);
    }

    private void totals(long parameters, long bytes) {
        root.put("parameters", parameters);
        root.put("bits_per_weight", parameters == 0 ? 0 : 8.0 * bytes / parameters);
    }

    private void tokenizer(TokenizerData data) {
        root.putObject("tokenizer")
                .put("kind", "byte-level BPE")
                .put("vocabulary", data.vocabularySize())
                .put("added_tokens", data.addedTokens().size())
                .put("chat_template", data.config().chatTemplate() != null);
    }

    /**
     * Reading every byte proves that the disk gives them, and where the file has checksums that they are right.
     *
     * @param checksums whether there are any
     */
    private void readAll(TensorSource source, boolean checksums) {
        root.put("checksums", checksums ? verify ? "verified" : "present" : "none");
        if (!verify) {
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        long total =
                source.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
        long done = 0;
        for (TensorInfo t : source.tensors().values()) {
            for (long at = 0; at < t.bytes(); ) {
                int n = (int) Math.min(buffer.capacity(), t.bytes() - at);
                source.read(t, at, MemorySegment.ofBuffer(buffer.clear().limit(n)));
                at += n;
                done += n;
                progress.step("reading", done, total, Progress.Unit.BYTES);
            }
        }
    }

    private void tensors(Collection<TensorInfo> tensors) {
        ArrayNode list = root.putArray("tensors");
        tensors.forEach(t -> list(list, t));
    }

    private static void list(ArrayNode list, TensorInfo t) {
        place(tensor(list, t.name(), t.dtype().label(), t.shape().dims()), t.bytes(), t.file(), t.offset());
    }

    private static ObjectNode tensor(ArrayNode list, String name, String dtype, long[] dims) {
        ObjectNode node = list.addObject();
        node.put("name", name);
        node.put("dtype", dtype);
        ArrayNode shape = node.putArray("shape");
        for (long d : dims) {
            shape.add(d);
        }
        return node;
    }

    private static void place(ObjectNode node, long bytes, Path file, long offset) {
        node.put("bytes", bytes);
        node.put("file", file.toString());
        node.put("offset", offset);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw InputFile.failure(file, e);
        }
    }
}
