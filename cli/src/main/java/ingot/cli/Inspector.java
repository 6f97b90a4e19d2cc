package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.gguf.GgufFile;
import ingot.formats.gguf.GgufModel;
import ingot.formats.hf.GgufPath;
import ingot.formats.hf.HfFolder;
import ingot.formats.hf.ModelConfigs;
import ingot.formats.hf.WeightFiles;
import ingot.formats.ingot.IngotFile;
import ingot.formats.io.InputFile;
import ingot.formats.io.TensorFile;
import ingot.formats.quantized.Packed;
import ingot.formats.quantized.QuantizedSource;
import ingot.formats.safetensors.SafetensorsFile;
import ingot.formats.tokenizer.TokenizerReader;
import ingot.formats.torch.TorchFile;
import ingot.runtime.golden.GoldenFile;
import ingot.runtime.golden.GoldenPrompt;
import ingot.runtime.perplexity.LogitsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/** Says what a file or folder holds, as the JSON of {@code ingot inspect --json}. */
final class Inspector {
    private final Path path;
    private final Inspection in;
    private final ObjectNode root;

    private Inspector(Inspection in) {
        this.path = in.path();
        this.in = in;
        this.root = in.root();
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
        Inspector inspector = new Inspector(new Inspection(path, verify, progress));
        if (HfFolder.recognises(path)) {
            inspector.folder();
        } else if (LogitsFile.recognises(path)) {
            inspector.logits();
        } else if (IngotFile.recognises(path)) {
            try (IngotFile file = IngotFile.open(path)) {
                IngotInspection.describe(file, inspector.in);
            }
        } else if (GgufFile.recognises(path)) {
            inspector.gguf();
        } else {
            inspector.weights();
        }
        return inspector.root;
    }

    private void folder() {
        try (HfFolder folder = HfFolder.open(path)) {
            in.start(
                    "huggingface",
                    folder.weightFiles().stream().mapToLong(TensorFile::size).sum());
            in.architecture(folder.config());
            in.sums(folder.weights().tensors().values());
            if (folder.weights() instanceof QuantizedSource source) {
                quantized(source);
            }
            if (TokenizerReader.isPresent(folder.folder())) {
                in.tokenizer(TokenizerReader.read(folder.folder()));
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
            in.readAll(folder.weights(), folder.weightFiles().stream().allMatch(Inspector::checksums));
            in.tensors(folder.weights().tensors().values());
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
            in.start("gguf", model.files().stream().mapToLong(GgufFile::size).sum());
            GgufInspection.describe(model, in);
            in.architecture(model.config());
            model.tokenizer().ifPresent(in::tokenizer);
            in.readAll(model.tensors(), false);
            root.set("tensors", GgufInspection.tensors(model));
        }
    }

    /** A file of tensors: its format is decided by its content. */
    private void weights() {
        try (TensorFile file = WeightFiles.open(path)) {
            boolean golden = file.tensors().containsKey("prompt.0.input_ids");
            in.start(golden ? "golden" : format(file), file.size());
            root.putNull("architecture");
            in.sums(file.tensors().values());
            if (golden) {
                golden();
            }
            if (file instanceof SafetensorsFile) {
                metadata();
            }
            in.readAll(file, checksums(file));
            in.tensors(file.tensors().values());
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
            in.start("logits", size(path));
            root.putNull("architecture");
            root.put("context", file.context());
            root.put("vocabulary", file.vocabSize());
            root.put("chunks", file.chunks());
            root.putArray("tensors");
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw InputFile.failure(file, e);
        }
    }
}
