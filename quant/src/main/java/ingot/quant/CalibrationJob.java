package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.ingot.SourceFile;
import ingot.formats.json.Json;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.quant.calibration.WorkFolder;
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
 * @param key what has to be the same for work to be taken up again
 * @param layers of the model
 */
record CalibrationJob(CalibrationSet set, ObjectNode described, ObjectNode key, int layers) {
    /**
     * @param asked the options that change the outcome
     * @param sources the files of {@code source}; without hashes where no work will be taken up again
     */
    static CalibrationJob of(Source source, CalibrationOptions options, ObjectNode asked, List<SourceFile> sources) {
        Optional<Tokenizer> tokenizer = source.tokenizer().map(Tokenizer::of);
        CalibrationSet set =
                CalibrationSet.read(options, tokenizer, source.graph().config().vocabSize());
        ObjectNode described = set.toJson().put("length", options.length()).put("seed", options.seed());
        ObjectNode key = Json.object().put("tool", "ingot " + Version.NUMBER);
        key.set("options", asked);
        key.set("calibration", described);
        var files = key.putArray("sources");
        sources.forEach(f ->
                files.addObject().put("file", f.name()).put("bytes", f.bytes()).put("sha256", f.sha256()));
        return new CalibrationJob(set, described, key, source.graph().config().layers());
    }

    WorkFolder open(Path output, boolean resume) {
        return WorkFolder.open(output, key, resume);
    }

    /** What was worked out, and the open folder in which the rest of it lies. */
    record Done<T>(T result, WorkFolder work) {}

    /**
     * How a job is run.
     *
     * @param resume go on with what is in the folder
     */
    record Way(boolean resume, int threads, Progress progress) {}

    /** What becomes of what an earlier run left. */
    private Optional<String> found(WorkFolder work, boolean resume) {
        String where = Text.path(work.folder());
        int steps = work.found().steps();
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

    /** Opens the folder and runs {@code steps}; closes it when they fail. */
    <T> Done<T> run(Path output, Way way, BiFunction<WorkFolder, Kernels, T> steps) {
        WorkFolder work = open(output, way.resume());
        found(work, way.resume()).ifPresent(way.progress()::note);
        try (Kernels kernels = Kernels.create(Backend.PORTABLE, 0, way.threads())) {
            return new Done<>(steps.apply(work, kernels), work);
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
