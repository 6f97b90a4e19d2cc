package ingot.quant;

import ingot.formats.Progress;
import ingot.formats.gguf.MetadataWriter;
import ingot.formats.io.AtomicFile;
import ingot.formats.json.Json;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.HeapNeed;
import ingot.quant.calibration.Rounding;
import ingot.quant.calibration.SequentialQuantizer;
import ingot.quant.calibration.WorkFolder;
import ingot.quant.gptq.RoundingError;
import ingot.quant.grid.BlockScheme;
import ingot.runtime.model.WeightSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * The part of an export that looks at activations: chooses the numbers of blocks by what the matrices read of a calibration
 * text, into a {@link WorkFolder}, from which the exporter then copies.
 */
final class GgufCalibration implements AutoCloseable {
    private final ConvertOptions.Method method;
    private final Optional<Work> done;

    /** What a reader should know of it. */
    Optional<String> note() {
        boolean asked = method.calibratedOn().isPresent();
        return asked && done.isEmpty() ? Optional.of(SourceWeights.NOTHING) : Optional.empty();
    }

    /** What was looked at, if anything was, and what that reached. */
    Optional<CalibrationResult> calibration() {
        return done.map(work -> new CalibrationResult(
                work.job().described(), work.job().set().tokens(), work.folder().experts()));
    }

    /** What calibration came to. */
    private record Work(CalibrationJob job, WorkFolder folder) {}

    private GgufCalibration(ConvertOptions.Method method, Optional<Work> done) {
        this.method = method;
        this.done = done;
    }

    /** Calibrates, if the options ask for it. */
    static GgufCalibration run(GgufWeights weights, GgufExporter.Options options, Path output, Progress progress) {
        ConvertOptions.Method method = options.method();
        Optional<CalibrationOptions> calibration = method.calibratedOn();
        if (calibration.isEmpty() || !weights.anyCalibrated()) {
            return new GgufCalibration(method, Optional.empty());
        }
        AtomicFile.requireCreatable(output, options.overwrite(), 0);
        calibration.get().data().ifPresent(text -> Source.requireNot(output, text));
        Source source = weights.source();
        CalibrationJob job = CalibrationJob.of(source, calibration.get(), asked(weights, options));
        Rounding how = method.rounding();
        HeapNeed need = job.need(weights, how, options.threads());
        need.require(Runtime.getRuntime().maxMemory());
        var way = new CalibrationJob.Way(method.resumes(), options.threads(), need, progress);
        var done = job.run(output, way, (folder, kernels) -> {
            new SequentialQuantizer(source.graph(), weights, job.set(), kernels, how).run(folder, progress);
            return folder;
        });
        return new GgufCalibration(method, Optional.of(new Work(job, done.work())));
    }

    /** What of the options changes the numbers. */
    private static ObjectNode asked(GgufWeights weights, GgufExporter.Options options) {
        ObjectNode node = Json.object().put("export", "gguf");
        node.setAll(AskedFor.method(options.method()));
        ObjectNode types = node.putObject("types");
        new TreeMap<>(weights.types()).forEach((name, type) -> types.put(name, type.name()));
        return node;
    }

    /** Writes the {@code size} bytes that were chosen for a weight, if they were. */
    Optional<ExportResult.Loss> copy(WeightSpec weight, long size, BlockScheme.Sink sink) {
        return done.map(work -> work.folder().tensors())
                .flatMap(work -> work.error(weight.name()).map(error -> {
                    work.copy(weight.name(), 0, size, sink::write);
                    return loss(error, work.note(weight.name()));
                }));
    }

    private ExportResult.Loss loss(RoundingError error, String note) {
        double weighted = error.weightedError();
        // What was rounded by what it does to the outputs has an error there.
        boolean nearest = Double.isNaN(weighted);
        return new ExportResult.Loss(
                nearest ? "rtn" : method.label(),
                error.nmse(),
                nearest ? OptionalDouble.empty() : OptionalDouble.of(weighted),
                note);
    }

    /** Says in a file how its numbers were chosen; for an importance matrix as llama.cpp's quantizer does. */
    void describe(MetadataWriter metadata) {
        done.ifPresent(work -> describe(work, metadata));
    }

    private void describe(Work work, MetadataWriter metadata) {
        ObjectNode set = work.job().described();
        String data = set.get("data").asString();
        int sequences = set.get("sequences").asInt();
        if (method instanceof ConvertOptions.Method.Imatrix) {
            metadata.text("quantize.imatrix.dataset", data)
                    .i32(
                            "quantize.imatrix.entries_count",
                            work.folder().tensors().count())
                    .i32("quantize.imatrix.chunks_count", sequences);
        }
        metadata.text("ingot.quantize.method", method.label());
        if (method instanceof ConvertOptions.Method.Gptq gptq) {
            metadata.text(
                            "ingot.quantize.order",
                            gptq.feedback().toJson().get("order").asString())
                    .f32("ingot.quantize.drift", gptq.feedback().drift());
        }
        for (String name : List.of("data", "sha256", "ids_sha256")) {
            metadata.text("ingot.quantize.calibration." + name, set.get(name).asString());
        }
        for (String name : List.of("tokens", "sequences", "length")) {
            metadata.u32("ingot.quantize.calibration." + name, set.get(name).asInt());
        }
        // A number of 64 bits.
        metadata.text("ingot.quantize.calibration.seed", set.get("seed").asString());
    }

    /** The output is whole; what led to it is not needed any more. */
    void finish() {
        done.ifPresent(work -> work.folder().clear());
    }

    @Override
    public void close() {
        done.ifPresent(work -> work.folder().close());
    }
}
