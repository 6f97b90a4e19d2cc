package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.ingot.SourceFile;
import ingot.formats.io.OutputLock;
import ingot.formats.json.Json;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.quant.calibration.HeapNeed;
import ingot.quant.calibration.LayerWeights;
import ingot.quant.calibration.Rounding;
import ingot.quant.calibration.WorkFolder;
import ingot.quant.calibration.WorkingSet;
import ingot.runtime.Version;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import tools.jackson.databind.node.ObjectNode;

/**
 * What calibrated conversions and exports have in common: a calibration set, and a folder whose work belongs to one source,
 * one set and one choice of options.
 *
 * @param described what the provenance says of the set
 * @param asked the options that change the outcome
 */
record CalibrationJob(Source source, CalibrationSet set, ObjectNode described, ObjectNode asked) {
    static CalibrationJob of(Source source, CalibrationOptions options, ObjectNode asked) {
        Optional<Tokenizer> tokenizer = source.tokenizer().map(Tokenizer::of);
        CalibrationSet set =
                CalibrationSet.read(options, tokenizer, source.graph().config().vocabSize());
        ObjectNode described = set.toJson().put("length", options.length()).put("seed", options.seed());
        return new CalibrationJob(source, set, described, asked);
    }

    /** What has to be the same for work to be taken up again; without hashes where none will be. */
    private ObjectNode key(List<SourceFile> sources) {
        ObjectNode key = Json.object().put("tool", "ingot " + Version.NUMBER);
        key.set("options", asked);
        key.set("calibration", described);
        var files = key.putArray("sources");
        sources.forEach(f ->
                files.addObject().put("file", f.name()).put("bytes", f.bytes()).put("sha256", f.sha256()));
        return key;
    }

    /** The most that its calibration holds in the heap at a time. */
    HeapNeed need(LayerWeights weights, Rounding how, int threads) {
        return new WorkingSet(source.graph(), weights, set, threads).need(how);
    }

    /** A folder for work that nobody will go on with. */
    WorkFolder open(Path output) {
        return WorkFolder.begin(output, key(SourceHashes.unknown(source.files())));
    }

    /**
     * What was worked out.
     *
     * @param work the open folder in which the rest of it lies
     * @param sources the files of the source with their hashes
     */
    record Done<T>(T result, WorkFolder work, List<SourceFile> sources) {}

    /**
     * How a job is run.
     *
     * @param resume go on with what is in the folder
     * @param need of the heap, for the message when it does not suffice
     */
    record Way(boolean resume, int threads, HeapNeed need, Progress progress) {}

    /** What becomes of what an earlier run left. */
    private Optional<String> found(WorkFolder work, boolean resume) {
        String where = Text.path(work.folder());
        int steps = work.found().steps();
        int layers = source.graph().config().layers();
        if (work.found().continued()) {
            String last = steps == 0
                    ? ", where no layer was finished"
                    : " behind " + (steps > layers ? "the output head" : "layer " + steps + "/" + layers);
            return Optional.of("going on with the work in " + where + last);
        }
        if (resume) {
            return Optional.of("--resume: there is no work in " + where + " to go on with; begins anew");
        }
        String finished = steps == 1 ? "1 finished layer" : Math.min(steps, layers) + " finished layers";
        return steps == 0
                ? Optional.empty()
                : Optional.of("begins anew and throws away the work in " + where + ", " + finished
                        + "; --resume goes on with such work");
    }

    /**
     * Takes the folder, hashes the source, and runs {@code steps} in the folder; closes it when they fail. Hashing takes as
     * long as reading everything, so the folder is taken first.
     */
    <T> Done<T> run(Path output, Way way, BiFunction<WorkFolder, Kernels, T> steps) {
        OutputLock lock = WorkFolder.lock(output);
        List<SourceFile> sources;
        try {
            sources = SourceHashes.of(source.files(), way.threads(), way.progress());
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
        WorkFolder work = WorkFolder.open(lock, output, key(sources), way.resume());
        found(work, way.resume()).ifPresent(way.progress()::note);
        try (Kernels kernels = Kernels.create(Backend.PORTABLE, 0, way.threads())) {
            return new Done<>(way.need().within(() -> steps.apply(work, kernels)), work, sources);
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
}
