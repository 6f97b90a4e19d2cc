package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.GgufLayout;
import ingot.formats.gguf.GgufOutput;
import ingot.formats.gguf.MetadataWriter;
import ingot.formats.hf.GenerationDefaults;
import ingot.formats.hf.ModelConfig;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.tokenizer.TokenizerData;
import ingot.quant.calibration.HeapNeed;
import ingot.quant.gguf.ModelMetadata;
import ingot.quant.grid.BlockScheme;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes a model as GGUF, in one file or split. Weights whose numbers a block type holds are carried over bit for bit; others
 * are rounded to the type, one by one or by what they do to a calibration text. Streamed: memory does not depend on the model
 * (with calibration on its largest layer), bytes not on the number of threads.
 */
public final class GgufExporter {
    private final Options options;

    /**
     * What an export is asked for.
     *
     * @param type of the matrices; empty: what loses nothing
     * @param keep exceptions by name, {@code REGEX=TYPE}, first match wins
     * @param splitBytes begin another file where tensors would exceed this
     * @param method how the numbers of matrices that are rounded are chosen
     * @param overwrite replace an existing output
     * @param threads workers; changes the time, never the bytes
     */
    public record Options(
            Optional<String> type,
            List<String> keep,
            long splitBytes,
            ConvertOptions.Method method,
            boolean overwrite,
            int threads) {
        public Options {
            keep = List.copyOf(keep);
        }

        /** Lossless types in one file. */
        public static Options defaults() {
            return new Options(
                    Optional.empty(),
                    List.of(),
                    Long.MAX_VALUE,
                    new ConvertOptions.Method.Rtn(),
                    false,
                    Runtime.getRuntime().availableProcessors());
        }

        public Options withType(String name) {
            return new Options(Optional.of(name), keep, splitBytes, method, overwrite, threads);
        }

        public Options withKeep(List<String> rules) {
            return new Options(type, rules, splitBytes, method, overwrite, threads);
        }

        public Options withSplitBytes(long bytes) {
            return new Options(type, keep, bytes, method, overwrite, threads);
        }

        public Options withMethod(ConvertOptions.Method chosen) {
            return new Options(type, keep, splitBytes, chosen, overwrite, threads);
        }

        public Options withOverwrite(boolean force) {
            return new Options(type, keep, splitBytes, method, force, threads);
        }

        public Options withThreads(int n) {
            return new Options(type, keep, splitBytes, method, overwrite, n);
        }
    }

    /** Names of the types that weights can have. */
    public static List<String> types() {
        return GgufTypes.names();
    }

    public GgufExporter(Options options) {
        this.options = options;
    }

    /** A model on its way: its weights, what each becomes, and where each lies. */
    private record Job(GgufWeights store, List<WeightSpec> weights, List<GgufLayout.Stored> stored) {
        Source source() {
            return store.source();
        }

        GgmlType type(int index) {
            return store.type(weights.get(index));
        }

        List<GgufOutput.Entry> entries() {
            return stored.stream()
                    .map(s -> new GgufOutput.Entry(
                            s.name(), type(s.members().getFirst().index()), s.shape()))
                    .toList();
        }
    }

    /**
     * Exports {@code model}, anything that converts, to {@code target}.
     *
     * @throws IngotException.ConfigMismatch when llama.cpp has no way to compute this model
     */
    public ExportResult export(Path model, Path target, Progress progress) {
        try (Source source = Source.open(model)) {
            source.requireNot(target);
            return HeapNeed.ofStreaming(model, options.threads()).within(() -> export(source, model, target, progress));
        }
    }

    private ExportResult export(Source source, Path model, Path target, Progress progress) {
        ModelMetadata.requireKnown(source.graph().config());
        Job job = job(source);
        Optional<TokenizerData> tokenizer = source.tokenizer();
        ModelConfig config = source.graph().config();
        tokenizer.ifPresent(t -> t.requireRows(config.vocabSize(), model));
        GgmlType common = mostCommon(job);
        var about = new ModelMetadata.About(
                name(source, model),
                GgufTypes.fileType(common),
                GenerationDefaults.read(source.generationConfig(), source.config()));
        MetadataWriter metadata = ModelMetadata.of(config, tokenizer, about);
        try (GgufCalibration calibrated = GgufCalibration.run(job.store(), options, target, progress)) {
            calibrated.describe(metadata);
            GgufTensors tensors = new GgufTensors(job.store(), calibrated);
            try (GgufOutput out =
                    GgufOutput.create(target, options.overwrite(), metadata, job.entries(), options.splitBytes())) {
                out.files().forEach(source::requireNot);
                List<ExportResult.Tensor> results = run(job, tensors, out, progress);
                source.files().forEach(InputFile::requireUnchanged);
                out.commit();
                var made = new ExportResult.Made(
                        ExportResult.Made.size(out.files()),
                        AskedFor.method(options.method()),
                        calibrated.calibration());
                calibrated.finish();
                List<String> notes = notes(source, tokenizer.isPresent());
                calibrated.note().ifPresent(notes::add);
                return new ExportResult(target, out.files(), label(common), made, results, notes);
            }
        }
    }

    private static List<String> notes(Source source, boolean tokenizer) {
        List<String> notes = new ArrayList<>(source.warnings());
        if (!tokenizer) {
            notes.add("the model carries no tokenizer");
        }
        return notes;
    }

    private Job job(Source source) {
        List<WeightSpec> weights = source.graph().weights();
        GgufTypes plan = new GgufTypes(
                options.type().map(GgufTypes::parse),
                options.keep(),
                source.graph().config().tiedEmbeddings());
        List<GgmlType> types = new ArrayList<>();
        List<GgufLayout.Source> published = new ArrayList<>();
        for (int i = 0; i < weights.size(); i++) {
            WeightSpec weight = weights.get(i);
            types.add(plan.type(
                    weight,
                    () -> SourceCodes.ggufType(source, weight)
                            .or(() -> SourceCodes.natural(source, weight).flatMap(GgufTypes::holding))));
            published.add(new GgufLayout.Source(weight.name(), weight.shape(), i));
        }
        List<GgufLayout.Stored> stored = GgufLayout.of(published);
        stored.forEach(s -> unite(s, types));
        Map<String, GgmlType> byName = new HashMap<>();
        for (int i = 0; i < types.size(); i++) {
            byName.put(weights.get(i).name(), types.get(i));
        }
        return new Job(new GgufWeights(source, Map.copyOf(byName), options.threads()), weights, stored);
    }

    /** Experts stored together have one type: the widest any of them would have. */
    private static void unite(GgufLayout.Stored stored, List<GgmlType> types) {
        GgmlType widest = stored.members().stream()
                .map(m -> types.get(m.index()))
                .max(Comparator.comparingDouble(t -> (double) t.blockBytes() / t.blockWeights()))
                .orElseThrow();
        stored.members().forEach(m -> types.set(m.index(), widest));
    }

    private static GgmlType mostCommon(Job job) {
        Map<GgmlType, Long> weights = new EnumMap<>(GgmlType.class);
        for (int i = 0; i < job.weights().size(); i++) {
            WeightSpec weight = job.weights().get(i);
            boolean counts = weight.role() == WeightSpec.Role.LINEAR;
            weights.merge(job.type(i), counts ? weight.shape().count() : 0, Long::sum);
        }
        return weights.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
    }

    private static String name(Source source, Path model) {
        var stated = source.config().get("_name_or_path");
        String text = stated != null && stated.isString() ? stated.stringValue() : "";
        String last = text.substring(text.lastIndexOf('/') + 1);
        String file = Folders.name(model.toAbsolutePath().normalize());
        return last.isBlank() ? file.replaceFirst("\\.(ingot|gguf)$", "") : last;
    }

    private List<ExportResult.Tensor> run(Job job, GgufTensors tensors, GgufOutput out, Progress progress) {
        ExportResult.Tensor[] results = new ExportResult.Tensor[job.weights().size()];
        long total = job.weights().stream().mapToLong(w -> w.shape().count()).sum() * Float.BYTES;
        AtomicLong done = new AtomicLong();
        Object turn = new Object();
        List<Tasks.Task> tasks = new ArrayList<>();
        for (GgufLayout.Stored stored : job.stored()) {
            for (int m = 0; m < stored.members().size(); m++) {
                int member = m;
                int index = stored.members().get(m).index();
                long bytes = job.weights().get(index).shape().count() * Float.BYTES;
                tasks.add(new Tasks.Task(bytes, () -> {
                    results[index] = store(job, stored, member, tensors, out);
                    synchronized (turn) {
                        progress.step("export", done.addAndGet(bytes), total, Progress.Unit.BYTES);
                    }
                }));
            }
        }
        Tasks.run(tasks, options.threads());
        return List.of(results);
    }

    private static ExportResult.Tensor store(
            Job job, GgufLayout.Stored stored, int member, GgufTensors tensors, GgufOutput out) {
        int index = stored.members().get(member).index();
        WeightSpec weight = job.weights().get(index);
        GgmlType type = job.type(index);
        AtomicLong at = new AtomicLong(type.bytes(stored.firstWeight(member)));
        BlockScheme.Sink sink = bytes -> {
            int n = bytes.remaining();
            out.write(stored.name(), at.getAndAdd(n), bytes);
        };
        return new ExportResult.Tensor(
                weight.name(),
                weight.shape(),
                job.source().storedType(weight),
                label(type),
                type.bytes(weight.shape().count()),
                tensors.write(weight, sink));
    }

    private static String label(GgmlType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
