package ingot.quant;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.block.Dense;
import ingot.formats.io.InputFile;
import ingot.formats.json.Json;
import ingot.formats.safetensors.SafetensorsOutput;
import ingot.formats.safetensors.SafetensorsWriter;
import ingot.formats.tokenizer.TokenizerWriter;
import ingot.quant.scheme.DenseScheme;
import ingot.runtime.model.WeightSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a model as a plain Hugging Face folder: {@code model.safetensors}, {@code config.json}, {@code
 * generation_config.json} and every tokenizer file. Quantized weights are dequantized.
 */
public final class HfExporter {
    private static final String WEIGHTS = "model.safetensors";

    private HfExporter() {}

    /**
     * What was written.
     *
     * @param type element type of every tensor
     * @param notes what a reader should know, for example of the tokenizer
     */
    public record Result(Path folder, String type, List<Exported> tensors, List<String> notes) {
        /** Whether every tensor holds exactly what the model computes with. */
        public boolean lossless() {
            return tensors.stream().allMatch(Exported::lossless);
        }
    }

    /** One tensor: what it was stored as, and the error the export adds. */
    public record Exported(String name, String storedAs, double nmse) {
        public boolean lossless() {
            return nmse == 0;
        }
    }

    /**
     * Exports {@code model} (an .ingot file or a folder) into {@code folder}, which is created.
     *
     * @param type element type; when absent the narrowest that is exact: that of the matrices where they all share a
     *     floating-point type, else F32
     * @throws IngotException.CannotCreate when the folder holds a model already and {@code overwrite} is false
     */
    public static Result export(Path model, Path folder, Optional<DType> type, boolean overwrite, Progress progress) {
        try (Source source = Source.open(model)) {
            Dense dense = new Dense(type.orElseGet(() -> exactType(source)));
            // Everything the export may write, so that it never damages the model it reads.
            Stream.concat(Stream.of(WEIGHTS), FolderSource.COMPANIONS.stream())
                    .forEach(name -> source.requireNot(folder.resolve(name)));
            requireFree(folder, overwrite);
            createFolder(folder);
            SafetensorsWriter layout = new SafetensorsWriter(1);
            List<WeightSpec> weights = source.graph().weights();
            weights.forEach(
                    w -> layout.add(w.name(), typeOf(w, source, type, dense).type(), w.shape()));
            List<Exported> exported = new ArrayList<>();
            try (SafetensorsOutput out =
                    SafetensorsOutput.create(folder.resolve(WEIGHTS), overwrite, layout, Map.of("format", "pt"))) {
                long done = 0;
                for (WeightSpec w : weights) {
                    try (Source.Rows rows = source.rows(w, WeightReader.NonFinite.KEEP)) {
                        double nmse = new DenseScheme(typeOf(w, source, type, dense), false)
                                .encode(rows, (part, bytes) -> out.write(w.name(), bytes.asByteBuffer()));
                        exported.add(new Exported(w.name(), source.storedType(w), nmse));
                    }
                    done += w.shape().count()
                            * typeOf(w, source, type, dense).type().bytes();
                    progress.step("export", done, layout.dataBytes(), Progress.Unit.BYTES);
                }
                source.files().forEach(InputFile::requireUnchanged);
                out.commit();
            }
            List<String> notes = new ArrayList<>();
            writeConfig(source, folder, dense);
            source.tokenizer()
                    .ifPresentOrElse(
                            t -> notes.addAll(TokenizerWriter.write(t, folder).notes()),
                            () -> notes.add("the model carries no tokenizer"));
            return new Result(folder, dense.label(), exported, notes);
        }
    }

    /**
     * Checkpoints of models with gated DeltaNet hold the pace of the decay and the gated norm in F32, whatever their other
     * tensors are in; so does the export, unless a type is asked for.
     */
    private static Dense typeOf(WeightSpec weight, Source source, Optional<DType> asked, Dense dense) {
        boolean hybrid = source.graph().config().attention().linear().isPresent();
        return switch (weight.role()) {
            case DECAY, NORM -> hybrid && asked.isEmpty() ? new Dense(DType.F32) : dense;
            default -> dense;
        };
    }

    private static DType exactType(Source source) {
        List<String> types = source.graph().weights().stream()
                .filter(w -> w.role().matrix())
                .map(source::storedType)
                .distinct()
                .toList();
        if (types.size() == 1) {
            return switch (types.getFirst()) {
                case "bf16" -> DType.BF16;
                case "f16" -> DType.F16;
                default -> DType.F32;
            };
        }
        return DType.F32;
    }

    /** A folder that holds a model, in one file or in shards, is only replaced when asked for. */
    private static void requireFree(Path folder, boolean overwrite) {
        List<String> names = new ArrayList<>(FolderSource.COMPANIONS);
        names.add(WEIGHTS);
        names.add(WEIGHTS + ".index.json");
        for (String name : names) {
            if (!overwrite && Files.exists(folder.resolve(name))) {
                throw new IngotException.CannotCreate(
                        Text.path(folder.resolve(name)) + ": exists already; --force replaces it", null);
            }
        }
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IngotException.CannotCreate(Text.path(folder) + ": is not a folder", null);
        }
    }

    private static void createFolder(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new IngotException.CannotCreate(Text.path(folder) + ": cannot be created: " + e.getMessage(), e);
        }
    }

    private static void writeConfig(Source source, Path folder, Dense dense) {
        String name = switch (dense.type()) {
            case BF16 -> "bfloat16";
            case F16 -> "float16";
            default -> "float32";
        };
        ObjectNode config = source.config().deepCopy();
        String key = config.has("dtype") && !config.has("torch_dtype") ? "dtype" : "torch_dtype";
        config.put(key, name);
        writeText(folder.resolve("config.json"), Json.pretty(config));
        source.generationConfig().ifPresent(g -> writeText(folder.resolve("generation_config.json"), Json.pretty(g)));
    }

    private static void writeText(Path file, String text) {
        try {
            Files.writeString(file, text + "\n", StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IngotException.ReadWrite(Text.path(file) + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
