package ingot.quant;

import ingot.formats.DType;
import ingot.formats.Progress;
import ingot.formats.Shape;
import ingot.formats.block.Dense;
import ingot.formats.block.Layout;
import ingot.formats.ingot.IngotFormat;
import ingot.formats.ingot.IngotWriter;
import ingot.formats.ingot.IngotWriter.Attachment;
import ingot.formats.ingot.Manifest;
import ingot.formats.ingot.SourceFile;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.io.InputFile;
import ingot.formats.quantized.Packed;
import ingot.formats.tokenizer.TokenizerData;
import ingot.quant.calibration.HeapNeed;
import ingot.quant.scheme.Carried;
import ingot.quant.scheme.PartSink;
import ingot.quant.scheme.Scheme;
import ingot.runtime.Version;
import ingot.runtime.model.WeightSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * Converts a checkpoint to one .ingot file: plan the whole file from names and shapes, then stream tensor by tensor.
 * Each tensor is one task, so the bytes do not depend on the number of threads, and each task holds a few megabytes, so
 * memory does not depend on the model.
 */
public final class Converter {
    private final ConvertOptions options;

    public Converter(ConvertOptions options) {
        this.options = options;
    }

    /** As {@link #plan(Path, Path, Progress)}, in silence. */
    public ConvertResult plan(Path source, Path output) {
        return plan(source, output, Progress.none());
    }

    /**
     * Says what {@link #convert} would write, from configuration and tensor headers alone; where types are chosen for a
     * budget, after the same measurement.
     */
    public ConvertResult plan(Path source, Path output, Progress progress) {
        options.requireScales();
        try (Source opened = Source.open(source, options.adapter())) {
            Calibrated.Chosen chosen = Calibrated.plan(opened, options, output, progress);
            List<StoredTensor> stored = stored(chosen.source(), chosen.types().plan());
            IngotWriter.requireWritable(stored, List.of());
            Outcome outcome = new Outcome(stored, notes(chosen.source()));
            ObjectNode asked = AskedFor.of(options, chosen.source().isQuantized());
            return result(new Written(output, 0, asked, chosen.types(), Optional.empty()), chosen.source(), outcome);
        }
    }

    /**
     * Converts {@code source} to {@code output}.
     *
     * @param progress counts source bytes read, hashing included
     * @throws ingot.formats.IngotException of the kind that says what is wrong; nothing is at {@code output} then
     */
    public ConvertResult convert(Path source, Path output, Progress progress) {
        options.requireScales();
        try (Source opened = Source.open(source, options.adapter());
                Golden golden = Golden.open(options, source)) {
            opened.requireNot(output);
            golden.requireNot(output);
            golden.requireFits(opened.graph().config().vocabSize());
            return HeapNeed.ofStreaming(source, options.threads())
                    .within(() -> convert(opened, golden, tokenizer(opened, source), output, progress));
        }
    }

    private ConvertResult convert(
            Source opened, Golden golden, Optional<TokenizerData> tokenizer, Path output, Progress progress) {
        List<Attachment> attachments = new ArrayList<>();
        tokenizer.map(TokenizerData::encode).ifPresent(t -> attachments.add(tokenizerPart(t)));
        attachments.addAll(golden.attachments());
        Consumer<Calibrated.Chosen> writable = chosen -> IngotWriter.requireWritable(
                stored(chosen.source(), chosen.types().plan()), attachments);
        try (Calibrated calibrated = Calibrated.run(opened, options, output, writable, progress)) {
            Job job = new Job(calibrated.source(), golden, calibrated, output);
            ConvertResult result = write(job, attachments, progress);
            calibrated.finish();
            return result;
        }
    }

    /** What a conversion works on. */
    private record Job(Source source, Golden golden, Calibrated calibrated, Path output) {
        TypePlan types() {
            return calibrated.types().plan();
        }
    }

    private ConvertResult write(Job job, List<Attachment> attachments, Progress progress) {
        Source source = job.source();
        List<StoredTensor> plan = stored(source, job.types());
        ObjectNode asked = AskedFor.of(options, source.isQuantized());
        ObjectNode provenance = asked.deepCopy();
        job.calibrated().calibration().ifPresent(c -> provenance.set("calibration", c.toJson()));
        job.calibrated().types().allocation().ifPresent(a -> provenance.set("allocation", a.toJson()));
        Manifest manifest = new Manifest(
                "ingot " + Version.NUMBER,
                source.config(),
                source.generationConfig(),
                attachments.stream().anyMatch(a -> a.name().equals(IngotFormat.TOKENIZER)),
                plan,
                SourceHashes.unknown(source.files()),
                provenance);
        try (IngotWriter writer = IngotWriter.create(job.output(), options.overwrite(), manifest, attachments)) {
            Outcome measured = new Outcome(new ArrayList<>(plan), new ArrayList<>(notes(source)));
            List<SourceFile> hashed = new ArrayList<>(job.calibrated().sources().orElse(manifest.sources()));
            run(job, writer, measured, hashed, progress);
            source.files().forEach(InputFile::requireUnchanged);
            job.golden().requireUnchanged();
            writer.commit(measured.tensors(), hashed);
            Calibrated done = job.calibrated();
            return result(
                    new Written(job.output(), writer.totalBytes(), asked, done.types(), Optional.of(done)),
                    source,
                    measured);
        }
    }

    private static Attachment tokenizerPart(byte[] bytes) {
        return new Attachment(
                IngotFormat.TOKENIZER, DType.U8, new Shape(bytes.length), sink -> sink.write(ByteBuffer.wrap(bytes)));
    }

    private static Optional<TokenizerData> tokenizer(Source opened, Path source) {
        Optional<TokenizerData> tokenizer = opened.tokenizer();
        tokenizer.ifPresent(t -> t.requireRows(opened.graph().config().vocabSize(), source));
        return tokenizer;
    }

    private static List<StoredTensor> stored(Source source, TypePlan types) {
        return source.graph().weights().stream()
                .map(w -> StoredTensor.of(
                        w.name(),
                        w.shape(),
                        types.layout(w, () -> source.packed(w).flatMap(Packed::natural))))
                .toList();
    }

    /** One task per source file to hash and per weight to store; the largest first, so that threads end together. */
    private void run(Job job, IngotWriter writer, Outcome measured, List<SourceFile> hashed, Progress progress) {
        Source source = job.source();
        List<WeightSpec> weights = source.graph().weights();
        // What was calibrated knows its hashes: they are what an interrupted run is recognised by.
        List<InputFile> files = job.calibrated().sources().isPresent() ? List.of() : source.files();
        long total = files.stream().mapToLong(InputFile::size).sum()
                + weights.stream().mapToLong(w -> w.shape().count()).sum() * Float.BYTES;
        AtomicLong done = new AtomicLong();
        Object turn = new Object();
        LongConsumer advance = bytes -> {
            synchronized (turn) {
                progress.step("convert", done.addAndGet(bytes), total, Progress.Unit.BYTES);
            }
        };
        List<Tasks.Task> tasks = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            int index = i;
            InputFile file = files.get(i);
            tasks.add(new Tasks.Task(file.size(), () -> hashed.set(index, SourceHashes.of(file, advance))));
        }
        for (int i = 0; i < weights.size(); i++) {
            int index = i;
            WeightSpec weight = weights.get(i);
            tasks.add(new Tasks.Task(weight.shape().count() * Float.BYTES, () -> {
                store(job, weight, index, measured, writer);
                advance.accept(weight.shape().count() * Float.BYTES);
            }));
        }
        Tasks.run(tasks, options.threads());
    }

    /** What becomes of the weights: how each is stored, and what the summary says of it. Tasks fill in their own. */
    private record Outcome(List<StoredTensor> tensors, List<String> notes) {}

    private static List<String> notes(Source source) {
        return source.graph().weights().stream()
                .map(w -> "from " + source.storedType(w))
                .toList();
    }

    private void store(Job job, WeightSpec weight, int index, Outcome outcome, IngotWriter writer) {
        Source source = job.source();
        StoredTensor tensor = outcome.tensors().get(index);
        List<IngotWriter.Sink> sinks = tensor.parts().stream().map(writer::sink).toList();
        PartSink sink = (part, bytes) -> sinks.get(part).write(bytes.asByteBuffer());
        Optional<Packed> packed = source.packed(weight);
        Optional<Scheme> carried = packed.flatMap(p -> Carried.scheme(p, tensor.layout()));
        packed.ifPresent(p -> outcome.notes()
                .set(
                        index,
                        (carried.isPresent() ? "carried over losslessly from " : "dequantized from ") + p.describe()));
        Optional<Scheme> calibrated =
                carried.isPresent() ? carried : job.calibrated().scheme(weight, tensor.layout());
        String how = job.calibrated().note(weight.name());
        if (!how.isEmpty()) {
            outcome.notes().set(index, outcome.notes().get(index) + ", " + how);
        }
        Scheme scheme = calibrated.orElseGet(() -> job.types().scheme(tensor.layout()));
        try (Source.Rows rows = source.rows(weight, policy(tensor.layout()))) {
            double nmse = scheme.encode(rows, sink);
            outcome.tensors().set(index, tensor.withNmse(nmse));
        }
    }

    private WeightReader.NonFinite policy(Layout layout) {
        if (!options.allowNonFinite()) {
            return WeightReader.NonFinite.REFUSE;
        }
        return layout instanceof Dense ? WeightReader.NonFinite.KEEP : WeightReader.NonFinite.REPLACE;
    }

    /**
     * A file that was written or, in a dry run, would be.
     *
     * @param asked the options that change its bytes
     * @param done what calibration found; absent in a dry run
     */
    private record Written(
            Path output, long bytes, ObjectNode asked, Calibrated.Types types, Optional<Calibrated> done) {}

    private ConvertResult result(Written written, Source source, Outcome outcome) {
        Optional<Calibrated> done = written.done();
        boolean measured = done.isPresent();
        List<StoredTensor> tensors = outcome.tensors();
        List<ConvertResult.TensorResult> results = new ArrayList<>();
        long weightBytes = 0;
        for (int i = 0; i < tensors.size(); i++) {
            StoredTensor t = tensors.get(i);
            long n = t.shape().count();
            long size = t.layout().bytes(t.shape().rows(), t.shape().cols());
            weightBytes = Math.addExact(weightBytes, size);
            results.add(new ConvertResult.TensorResult(
                    t.name(),
                    t.layout().describe(),
                    t.shape(),
                    8.0 * size / n,
                    new ConvertResult.Rounding(
                            measured ? OptionalDouble.of(t.nmse()) : OptionalDouble.empty(),
                            done.map(c -> c.weightedError(t.name())).orElse(OptionalDouble.empty()),
                            done.map(c -> c.note(t.name())).orElse("")),
                    outcome.notes().get(i)));
        }
        List<String> warnings = new ArrayList<>(source.warnings());
        warnings.addAll(written.types().plan().unusedRules(source.graph().weights()));
        ConvertWarnings.padded(tensors).ifPresent(warnings::add);
        Optional<CalibrationResult> calibration =
                done.map(Calibrated::calibration).orElse(written.types().calibration());
        calibration.flatMap(c -> ConvertWarnings.few(c.tokens(), source)).ifPresent(warnings::add);
        ConvertWarnings.again(
                        source,
                        tensors,
                        name -> done.map(c -> c.weightedError(name).isPresent()).orElse(false))
                .ifPresent(warnings::add);
        long parameters = source.graph().parameters();
        return new ConvertResult(
                written.output(),
                new ConvertResult.Size(
                        measured ? written.bytes() : weightBytes, parameters, 8.0 * weightBytes / parameters),
                written.asked(),
                results,
                written.types().allocation(),
                calibration,
                warnings);
    }
}
