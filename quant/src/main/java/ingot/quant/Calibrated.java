package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.block.Dense;
import ingot.formats.block.Layout;
import ingot.formats.block.Part;
import ingot.formats.io.AtomicFile;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.quant.allocation.Allocation;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.quant.calibration.LayerWeights;
import ingot.quant.calibration.SequentialQuantizer;
import ingot.quant.calibration.WorkFolder;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.RoundingError;
import ingot.quant.scheme.Carried;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.scheme.PartSink;
import ingot.quant.scheme.Scheme;
import ingot.runtime.Version;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import ingot.runtime.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ObjectNode;

/**
 * The part of a conversion that looks at activations: rounds what it can with error feedback into a {@link WorkFolder}, from
 * which the converter then copies.
 */
final class Calibrated implements AutoCloseable {
    private static final int COPY = 1 << 20;

    private final Types types;
    private final Optional<WorkFolder> work;
    private final Optional<ObjectNode> set;

    /** The types of a conversion, and how they were chosen if they were. */
    record Types(TypePlan plan, Optional<Allocation> allocation) {
        static Types of(ConvertOptions options, Optional<Allocation> allocation) {
            Map<String, Layout> chosen = allocation.map(Allocation::layouts).orElse(Map.of());
            return new Types(new TypePlan(options, chosen), allocation);
        }
    }

    private Calibrated(Types types, Optional<WorkFolder> work, Optional<ObjectNode> set) {
        this.types = types;
        this.work = work;
        this.set = set;
    }

    /** Calibrates, if the options ask for it. */
    static Calibrated run(Source source, ConvertOptions options, Path output, Progress progress) {
        Optional<CalibrationOptions> calibration = options.calibration();
        if (calibration.isEmpty()) {
            return new Calibrated(Types.of(options, Optional.empty()), Optional.empty(), Optional.empty());
        }
        AtomicFile.requireCreatable(output, options.overwrite(), 0);
        CalibrationSet set = read(source, calibration.get());
        ObjectNode described = described(set, calibration.get());
        WorkFolder work = WorkFolder.open(output, key(source, options, described), options.resume());
        try (Kernels kernels = Kernels.create(Backend.PORTABLE, 0, options.threads())) {
            Types types = types(source, options, new Measurement(work, set, kernels), progress);
            switch (options.method()) {
                case ConvertOptions.Method.Rtn rtn -> {}
                case ConvertOptions.Method.Gptq gptq -> {
                    var weights = new Weights(source, options, types.plan());
                    new SequentialQuantizer(source.graph(), weights, set, kernels, gptq.order()).run(work, progress);
                }
            }
            return new Calibrated(types, Optional.of(work), Optional.of(described));
        } catch (IngotException.Usage e) {
            if (work.steps() == 0) {
                // What was asked for cannot be: nothing to go on with.
                work.clear();
            }
            work.close();
            throw e;
        } catch (RuntimeException | Error e) {
            work.close();
            throw e;
        }
    }

    /** Chooses types, if the options ask for it, and does nothing else. */
    static Types plan(Source source, ConvertOptions options, Path output, Progress progress) {
        if (options.types().auto().isEmpty()) {
            return Types.of(options, Optional.empty());
        }
        CalibrationOptions calibration = options.calibration().orElseThrow();
        CalibrationSet set = read(source, calibration);
        // Not the folder of the conversion: work in it may be waiting to be resumed.
        Path beside = output.resolveSibling(output.getFileName() + ".plan");
        try (WorkFolder work = WorkFolder.open(beside, key(source, options, described(set, calibration)), false);
                Kernels kernels = Kernels.create(Backend.PORTABLE, 0, options.threads())) {
            try {
                return types(source, options, new Measurement(work, set, kernels), progress);
            } finally {
                work.clear();
            }
        }
    }

    /** What a measurement works with. */
    private record Measurement(WorkFolder work, CalibrationSet set, Kernels kernels) {}

    private static Types types(Source source, ConvertOptions options, Measurement with, Progress progress) {
        return Types.of(
                options,
                options.types()
                        .auto()
                        .map(auto -> new AutoTypes(source, options, auto)
                                .plan(with.work(), with.set(), with.kernels(), progress)));
    }

    private static CalibrationSet read(Source source, CalibrationOptions options) {
        Optional<Tokenizer> tokenizer = source.tokenizer().map(Tokenizer::of);
        return CalibrationSet.read(options, tokenizer, source.graph().config().vocabSize());
    }

    /** What the provenance says of a calibration set. */
    private static ObjectNode described(CalibrationSet set, CalibrationOptions options) {
        return set.toJson().put("length", options.length()).put("seed", options.seed());
    }

    /** The types of the conversion. */
    Types types() {
        return types;
    }

    /** What has to be the same for work to be taken up again. */
    private static ObjectNode key(Source source, ConvertOptions options, ObjectNode set) {
        ObjectNode key = Json.object().put("tool", "ingot " + Version.NUMBER);
        key.set("options", options.toJson(source.isQuantized()));
        key.set("calibration", set);
        var files = key.putArray("sources");
        source.files()
                .forEach(f -> files.addObject()
                        .put("file", Folders.name(f.path()))
                        .put("bytes", f.size())
                        .put("modified", f.modified()));
        return key;
    }

    /** What goes into the provenance, beside the options. */
    Optional<ObjectNode> provenance() {
        return set;
    }

    /** How to store a weight that was calibrated. */
    Optional<Scheme> scheme(WeightSpec weight, Layout layout) {
        return work.filter(w -> w.error(weight.name()).isPresent()).map(w -> new Done(w, weight, layout));
    }

    /** Share of the outputs' energy that is error, of a tensor whose inputs are known. */
    OptionalDouble weightedError(String tensor) {
        return work.flatMap(w -> w.error(tensor))
                .map(RoundingError::weightedError)
                .filter(e -> !e.isNaN())
                .map(OptionalDouble::of)
                .orElse(OptionalDouble.empty());
    }

    String note(WeightSpec weight) {
        return work.map(w -> w.note(weight.name())).orElse("");
    }

    /** The output is whole; what led to it is not needed any more. */
    void finish() {
        work.ifPresent(WorkFolder::clear);
    }

    @Override
    public void close() {
        work.ifPresent(WorkFolder::close);
    }

    /** Copies what was rounded before. */
    private record Done(WorkFolder work, WeightSpec weight, Layout layout) implements Scheme {
        @Override
        public String method() {
            return "gptq";
        }

        @Override
        public double encode(MatrixSource source, PartSink sink) {
            List<Part> parts = layout.parts(source.rows(), source.cols());
            ByteBuffer buffer = ByteBuffer.allocateDirect(COPY);
            long at = 0;
            for (int i = 0; i < parts.size(); i++) {
                long end = at + parts.get(i).bytes();
                while (at < end) {
                    buffer.clear().limit((int) Math.min(COPY, end - at));
                    work.read(weight.name(), at, buffer);
                    sink.write(i, MemorySegment.ofBuffer(buffer.flip()));
                    at += buffer.limit();
                }
            }
            return work.error(weight.name()).orElseThrow().nmse();
        }
    }

    /** The weights of a source, for calibration. */
    record Weights(Source source, ConvertOptions options, TypePlan types) implements LayerWeights {
        @Override
        public float[] read(WeightSpec spec) {
            return read(spec, 0, Math.toIntExact(spec.shape().rows()));
        }

        @Override
        public float[] read(WeightSpec spec, int firstRow, int rows) {
            int cols = Math.toIntExact(spec.shape().cols());
            float[] values = new float[Math.multiplyExact(rows, cols)];
            try (Source.Rows reader = source.rows(spec, policy())) {
                reader.read(firstRow, rows, values);
            }
            return values;
        }

        @Override
        public float[] gather(WeightSpec spec, int[] rows) {
            float[] values = new float[Math.multiplyExact(rows.length, spec.cols())];
            float[] row = new float[spec.cols()];
            try (Source.Rows reader = source.rows(spec, policy())) {
                for (int i = 0; i < rows.length; i++) {
                    reader.read(rows[i], 1, row);
                    System.arraycopy(row, 0, values, i * row.length, row.length);
                }
            }
            return values;
        }

        private WeightReader.NonFinite policy() {
            return options.allowNonFinite() ? WeightReader.NonFinite.REPLACE : WeightReader.NonFinite.REFUSE;
        }

        @Override
        public Layout layout(WeightSpec spec) {
            return types.layout(spec, () -> source.packed(spec).flatMap(p -> p.natural()));
        }

        @Override
        public boolean calibrated(WeightSpec spec) {
            Layout layout = layout(spec);
            return !taken(spec, layout) && !(layout instanceof Dense);
        }

        private boolean taken(WeightSpec spec, Layout layout) {
            return source.packed(spec).flatMap(p -> Carried.scheme(p, layout)).isPresent();
        }

        @Override
        public Rounded plain(WeightSpec spec, float[] values) {
            Layout layout = layout(spec);
            return taken(spec, layout)
                    ? new Rounded(List.of(), values, RoundingError.of(values, values))
                    : plain(spec, layout, values);
        }

        @Override
        public Rounded plain(WeightSpec spec, Layout layout, float[] values) {
            int cols = spec.cols();
            int rows = values.length / cols;
            List<MemorySegment> parts = Rounded.room(layout, rows, cols);
            long[] at = new long[parts.size()];
            types.scheme(layout).encode(new InMemory(spec.name(), rows, cols, values), (part, bytes) -> {
                MemorySegment.copy(bytes, 0, parts.get(part), at[part], bytes.byteSize());
                at[part] += bytes.byteSize();
            });
            float[] stored = new float[values.length];
            for (int r = 0; r < rows; r++) {
                layout.decodeRow(rows, cols, parts, r, stored, r * cols);
            }
            return new Rounded(parts, stored, RoundingError.of(values, stored));
        }
    }

    /** Rows that were read already. */
    @SuppressWarnings("ArrayRecordComponent") // a view for one call
    private record InMemory(String origin, long rows, int cols, float[] values) implements MatrixSource {
        @Override
        public void read(long first, int n, float[] out) {
            System.arraycopy(values, Math.toIntExact(first * cols), out, 0, n * cols);
        }
    }
}
