package ingot.quant;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.io.InputFile;
import ingot.formats.tokenizer.TokenizerWriter;
import ingot.quant.folder.FolderFormat;
import ingot.quant.folder.FolderFormat.Part;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a model as a Hugging Face folder: weights, {@code config.json}, {@code generation_config.json} and every tokenizer
 * file. The linear layers are plain numbers or in the format of another quantizer; what this format holds is carried over bit
 * for bit. Each matrix is one task; memory is that of a few matrices, bytes do not depend on the number of threads.
 */
public final class FolderExporter {
    private final Options options;

    /** What the linear layers become. */
    public enum Kind {
        /** Plain numbers. */
        HF,
        /** GPTQ, zeros less one. */
        GPTQ,
        /** bitsandbytes NF4. */
        BNB,
        /** {@code pack-quantized} for 4 bits, {@code int-quantized} for 8. */
        COMPRESSED_TENSORS
    }

    /**
     * What an export is asked for.
     *
     * @param type of the linear layers; empty: what loses nothing, or the usual 4-bit type
     * @param group columns per scale of integers; absent: the model's
     * @param shardBytes begin another file where tensors would exceed this
     * @param overwrite replace an existing model
     * @param threads workers; changes the time, never the bytes
     */
    public record Options(
            Kind kind,
            Optional<String> type,
            Optional<Integer> group,
            long shardBytes,
            boolean overwrite,
            int threads) {
        /** 5 GB per file, as the field's tools write. */
        public static final long SHARD_BYTES = 5_000_000_000L;

        /** Nothing asked for but the kind. */
        public static Options of(Kind kind) {
            int threads = Runtime.getRuntime().availableProcessors();
            return new Options(kind, Optional.empty(), Optional.empty(), SHARD_BYTES, false, threads);
        }

        public Options withType(String name) {
            return new Options(kind, Optional.of(name), group, shardBytes, overwrite, threads);
        }

        public Options withGroup(int columns) {
            return new Options(kind, type, Optional.of(columns), shardBytes, overwrite, threads);
        }

        public Options withShardBytes(long bytes) {
            return new Options(kind, type, group, bytes, overwrite, threads);
        }

        public Options withOverwrite(boolean force) {
            return new Options(kind, type, group, shardBytes, force, threads);
        }

        public Options withThreads(int n) {
            return new Options(kind, type, group, shardBytes, overwrite, n);
        }
    }

    public FolderExporter(Options options) {
        this.options = options;
    }

    /**
     * Exports {@code model}, anything that converts, into {@code folder}, which is created.
     *
     * @throws IngotException.CannotCreate when the folder holds a model already and {@link Options#overwrite} is false
     */
    public ExportResult export(Path model, Path folder, Progress progress) {
        try (Source source = Source.open(model)) {
            // Everything the export may write, so that it never damages the model it reads.
            Stream.concat(Stream.of(FolderFiles.WEIGHTS, FolderFiles.INDEX), FolderSource.COMPANIONS.stream())
                    .forEach(name -> source.requireNot(folder.resolve(name)));
            FolderPlan plan = new FolderPlan(source, options);
            Optional<FolderFormat> format = plan.format();
            Map<WeightSpec, FolderPlace> places = new LinkedHashMap<>();
            List<String> notes = new ArrayList<>(source.warnings());
            Dense common = plan.plain();
            for (WeightSpec w : source.graph().weights()) {
                places.put(w, FolderPlace.of(plan, format, w, common, notes));
            }
            if (format.isPresent() && places.values().stream().noneMatch(FolderPlace.Quantized.class::isInstance)) {
                throw new IngotException.Usage("no linear layer can be stored as "
                        + format.get().describe() + (notes.isEmpty() ? "" : ": " + notes.getLast()));
            }
            List<Part> parts =
                    places.values().stream().flatMap(p -> p.parts().stream()).toList();
            try (FolderFiles files = FolderFiles.create(folder, options.overwrite(), parts, options.shardBytes())) {
                files.paths().forEach(source::requireNot);
                List<ExportResult.Tensor> results = run(source, places, files, progress);
                source.files().forEach(InputFile::requireUnchanged);
                Map<String, ObjectNode> texts = texts(source, format, places, common);
                files.commit(texts, () -> tokenizer(source, folder, notes));
                String label = format.map(FolderFormat::describe).orElse(common.label());
                return new ExportResult(
                        folder, files.paths(), label, ExportResult.Made.plainly(files.paths()), results, notes);
            }
        }
    }

    private static void tokenizer(Source source, Path folder, List<String> notes) {
        source.tokenizer()
                .ifPresentOrElse(
                        t -> notes.addAll(TokenizerWriter.write(t, folder).notes()),
                        () -> notes.add("the model carries no tokenizer"));
    }

    private List<ExportResult.Tensor> run(
            Source source, Map<WeightSpec, FolderPlace> places, FolderFiles files, Progress progress) {
        ExportResult.Tensor[] results = new ExportResult.Tensor[places.size()];
        long total = places.keySet().stream().mapToLong(w -> w.shape().count()).sum() * Float.BYTES;
        AtomicLong done = new AtomicLong();
        Object turn = new Object();
        List<Tasks.Task> tasks = new ArrayList<>();
        places.forEach((weight, place) -> {
            int index = tasks.size();
            long bytes = weight.shape().count() * Float.BYTES;
            tasks.add(new Tasks.Task(bytes, () -> {
                double nmse = place.write(source, weight, files::write);
                var loss = nmse == 0 ? ExportResult.Loss.copy(0) : ExportResult.Loss.nearest(nmse);
                long stored = place.parts().stream().mapToLong(Part::bytes).sum();
                results[index] = new ExportResult.Tensor(
                        weight.name(), weight.shape(), source.storedType(weight), place.label(), stored, loss);
                synchronized (turn) {
                    progress.step("export", done.addAndGet(bytes), total, Progress.Unit.BYTES);
                }
            }));
        });
        Tasks.run(tasks, options.threads());
        return List.of(results);
    }

    private Map<String, ObjectNode> texts(
            Source source, Optional<FolderFormat> format, Map<WeightSpec, FolderPlace> places, Dense common) {
        Map<String, ObjectNode> texts = new LinkedHashMap<>();
        source.generationConfig().ifPresent(g -> texts.put("generation_config.json", g));
        ObjectNode config = source.config().deepCopy();
        config.remove("quantization_config");
        if (format.isEmpty()) {
            String key = config.has("dtype") && !config.has("torch_dtype") ? "dtype" : "torch_dtype";
            config.put(key, torchName(common.type()));
        } else {
            List<String> plain = new ArrayList<>();
            places.forEach((weight, place) -> {
                boolean linear = weight.role().matrix() && weight.role() != WeightSpec.Role.EMBEDDING;
                if (linear && place instanceof FolderPlace.Plain) {
                    plain.add(FolderPlace.module(weight));
                }
            });
            if (!plain.contains("lm_head")) {
                plain.add("lm_head");
            }
            texts.putAll(format.get().files(plain));
            config.set("quantization_config", format.get().config(plain));
        }
        texts.put(FolderFiles.CONFIG, config);
        return texts;
    }

    private static String torchName(DType type) {
        return switch (type) {
            case BF16 -> "bfloat16";
            case F16 -> "float16";
            default -> "float32";
        };
    }
}
