package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.block.Layout;
import ingot.formats.block.Part;
import ingot.formats.ingot.SourceFile;
import ingot.formats.io.AtomicFile;
import ingot.quant.allocation.Allocation;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.ChannelPass;
import ingot.quant.calibration.HeapNeed;
import ingot.quant.calibration.KeptTensors;
import ingot.quant.calibration.SequentialQuantizer;
import ingot.quant.calibration.WorkFolder;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.RoundingError;
import ingot.quant.gptq.Target;
import ingot.quant.scheme.Carried;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.scheme.PartSink;
import ingot.quant.scheme.Scheme;
import ingot.quant.transform.Equivalence;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * The part of a conversion that looks at activations: rounds what it can with error feedback into a {@link WorkFolder}, from
 * which the converter then copies.
 */
final class Calibrated implements AutoCloseable {
    private final Source source;
    private final Types types;
    private final Optional<WorkFolder> work;
    private final Optional<List<SourceFile>> sources;

    /** The types of a conversion, how they were chosen if they were, and on what the conversion looks if it does. */
    record Types(TypePlan plan, Optional<Allocation> allocation, Optional<CalibrationResult> calibration) {
        private static Types of(ConvertOptions options, Optional<Allocation> allocation, Optional<CalibrationJob> job) {
            Map<String, Layout> chosen = allocation.map(Allocation::layouts).orElse(Map.of());
            Optional<CalibrationResult> read =
                    job.map(j -> new CalibrationResult(j.described(), j.set().tokens(), List.of()));
            return new Types(new TypePlan(options, chosen), allocation, read);
        }
    }

    private Calibrated(Chosen chosen, Optional<WorkFolder> work, Optional<List<SourceFile>> sources) {
        this.source = chosen.source();
        this.types = chosen.types();
        this.work = work;
        this.sources = sources;
    }

    /**
     * What is to be rounded, and to which types.
     *
     * @param source the one that was opened, or a model with the same outputs; closed with it
     */
    record Chosen(Source source, Types types) {
        static Chosen of(Source source, ConvertOptions options) {
            return new Chosen(source, Types.of(options, Optional.empty(), Optional.empty()));
        }
    }

    /** The model with the transforms that depend on nothing but weights. */
    private static Source rotated(Source source, ConvertOptions options) {
        boolean rotate = options.transforms().wanted().contains(Equivalence.ROTATE);
        return rotate ? EquivalentSource.rotated(source) : source;
    }

    /**
     * Calibrates, if the options ask for it.
     *
     * @param planned is told what will come of it as soon as that is known, and refuses what could not be written
     */
    static Calibrated run(
            Source opened, ConvertOptions options, Path output, Consumer<Chosen> planned, Progress progress) {
        Source source = rotated(opened, options);
        Optional<CalibrationOptions> calibration = options.calibration();
        if (calibration.isEmpty()) {
            return new Calibrated(Chosen.of(source, options), Optional.empty(), Optional.empty());
        }
        var asked = new Weights(source, options, new TypePlan(options));
        requireWork(asked);
        if (options.types().auto().isEmpty()) {
            planned.accept(Chosen.of(source, options));
        }
        AtomicFile.requireCreatable(output, options.overwrite(), 0);
        calibration.get().data().ifPresent(text -> Source.requireNot(output, text));
        CalibrationJob job = CalibrationJob.of(source, calibration.get(), AskedFor.of(options, source.isQuantized()));
        // Shapes decide, not types: those of a plan to be made do not matter.
        HeapNeed need = job.need(asked, options.method().rounding(), options.threads());
        if (options.method() instanceof ConvertOptions.Method.Gptq) {
            need.require(Runtime.getRuntime().maxMemory());
        }
        // Again at the end, with the results; said now for those who would rather stop.
        ConvertWarnings.few(job.set().tokens(), source).ifPresent(progress::note);
        var way = new CalibrationJob.Way(options.resume(), options.threads(), need, progress);
        var done = job.run(output, way, (folder, kernels) -> {
            Chosen chosen = choose(source, options, new Measurement(folder, job, kernels), progress);
            planned.accept(chosen);
            switch (options.method()) {
                case ConvertOptions.Method.Rtn rtn -> {}
                case ConvertOptions.Method.Imatrix imatrix -> throw imatrix.notForConversions();
                case ConvertOptions.Method.Gptq gptq -> {
                    Source made = chosen.source();
                    var weights = new Weights(made, options, chosen.types().plan());
                    new SequentialQuantizer(made.graph(), weights, job.set(), kernels, gptq.feedback())
                            .run(folder, progress);
                }
            }
            return chosen;
        });
        return new Calibrated(done.result(), Optional.of(done.work()), Optional.of(done.sources()));
    }

    /** Refuses hours that would change no number. */
    private static void requireWork(Weights asked) {
        ConvertOptions options = asked.options();
        boolean open = options.types().auto().isPresent()
                || !options.transforms().measured().isEmpty()
                || !(options.method() instanceof ConvertOptions.Method.Gptq);
        if (!open && !asked.anyCalibrated()) {
            throw new IngotException.Usage(SourceWeights.NOTHING + "; leave --method and --calibration out");
        }
    }

    /** Chooses types, if the options ask for it, and does nothing else. */
    static Chosen plan(Source opened, ConvertOptions options, Path output, Progress progress) {
        Source source = rotated(opened, options);
        Optional<CalibrationOptions> asked = options.calibration();
        if (asked.isEmpty()) {
            return Chosen.of(source, options);
        }
        requireWork(new Weights(source, options, new TypePlan(options)));
        CalibrationJob job = CalibrationJob.of(source, asked.get(), AskedFor.of(options, source.isQuantized()));
        if (options.types().auto().isEmpty()) {
            // What is wrong with the text is said now.
            return Chosen.of(source, options);
        }
        // Not the folder of the conversion: work in it may be waiting to be resumed.
        Path beside = output.resolveSibling(output.getFileName() + ".plan");
        try (WorkFolder work = job.open(beside);
                Kernels kernels = Kernels.create(Backend.PORTABLE, 0, options.threads())) {
            try {
                return choose(source, options, new Measurement(work, job, kernels), progress);
            } finally {
                work.clear();
            }
        }
    }

    /** What a measurement works with. */
    private record Measurement(WorkFolder work, CalibrationJob job, Kernels kernels) {}

    private static Chosen choose(Source source, ConvertOptions options, Measurement with, Progress progress) {
        Source made = source;
        if (!options.transforms().measured().isEmpty()) {
            // Types that are chosen are chosen for the weights as they are then.
            var weights = new Weights(source, options, new TypePlan(options));
            ChannelPass pass =
                    new ChannelPass(source.graph(), weights, with.job().set(), with.kernels());
            made = EquivalentSource.of(source, pass.measure(options.transforms().wanted(), with.work(), progress));
        }
        Source last = made;
        Optional<Allocation> allocation = options.types()
                .auto()
                .map(auto -> new AutoTypes(last, options, auto)
                        .plan(with.work(), with.job().set(), with.kernels(), progress));
        return new Chosen(last, Types.of(options, allocation, Optional.of(with.job())));
    }

    /** What the output is made of. */
    Source source() {
        return source;
    }

    /** The source's files with their hashes, where calibrating needed them. */
    Optional<List<SourceFile>> sources() {
        return sources;
    }

    /** The types of the conversion. */
    Types types() {
        return types;
    }

    /** What was looked at, and what that reached. */
    Optional<CalibrationResult> calibration() {
        return types.calibration()
                .map(read -> new CalibrationResult(
                        read.set(), read.tokens(), work.map(WorkFolder::experts).orElse(List.of())));
    }

    /** How to store a weight that was calibrated. */
    Optional<Scheme> scheme(WeightSpec weight, Layout layout) {
        return work.map(WorkFolder::tensors)
                .filter(done -> done.error(weight.name()).isPresent())
                .map(done -> new Done(done, weight, layout));
    }

    /** Share of the outputs' energy that is error, of a tensor whose inputs are known. */
    OptionalDouble weightedError(String tensor) {
        return work.flatMap(w -> w.tensors().error(tensor))
                .map(RoundingError::weightedError)
                .filter(e -> !e.isNaN())
                .map(OptionalDouble::of)
                .orElse(OptionalDouble.empty());
    }

    /** How a tensor was rounded, where that was not as asked; empty else. */
    String note(String tensor) {
        return work.map(w -> w.tensors().note(tensor)).orElse("");
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
    private record Done(KeptTensors done, WeightSpec weight, Layout layout) implements Scheme {
        @Override
        public String method() {
            return "gptq";
        }

        @Override
        public double encode(MatrixSource source, PartSink sink) {
            List<Part> parts = layout.parts(source.rows(), source.cols());
            long at = 0;
            for (int i = 0; i < parts.size(); i++) {
                int part = i;
                done.copy(
                        weight.name(),
                        at,
                        parts.get(i).bytes(),
                        bytes -> sink.write(part, MemorySegment.ofBuffer(bytes)));
                at += parts.get(i).bytes();
            }
            return done.error(weight.name()).orElseThrow().nmse();
        }
    }

    /** The weights of a source, for calibration. */
    record Weights(Source source, ConvertOptions options, TypePlan types) implements SourceWeights {
        @Override
        public WeightReader.NonFinite policy() {
            return options.allowNonFinite() ? WeightReader.NonFinite.REPLACE : WeightReader.NonFinite.REFUSE;
        }

        private Layout layout(WeightSpec spec) {
            return types.layout(spec, () -> source.packed(spec).flatMap(p -> p.natural()));
        }

        @Override
        public Target target(WeightSpec spec) {
            return new Target.Stored(layout(spec));
        }

        @Override
        public boolean calibrated(WeightSpec spec) {
            return target(spec).rounds() && !taken(spec, layout(spec));
        }

        private boolean taken(WeightSpec spec, Layout layout) {
            return source.packed(spec).flatMap(p -> Carried.scheme(p, layout)).isPresent();
        }

        @Override
        public Rounded plain(WeightSpec spec, float[] values) {
            return taken(spec, layout(spec))
                    ? new Rounded(List.of(), values, RoundingError.of(values, values))
                    : plain(spec, target(spec), values);
        }

        @Override
        public Rounded plain(WeightSpec spec, Target target, float[] values) {
            if (!(target instanceof Target.Stored stored)) {
                throw new IllegalArgumentException(target.label() + " is no type of .ingot files");
            }
            Layout layout = stored.layout();
            return InMemory.of(spec.name(), values, spec.cols()).encode(types.scheme(layout), layout);
        }

        @Override
        public Rounded weighted(WeightSpec spec, float[] values, float[] importance) {
            throw new IllegalStateException("no layout of .ingot files is rounded by importance");
        }
    }
}
