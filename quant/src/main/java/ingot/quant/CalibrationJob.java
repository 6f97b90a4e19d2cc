package ingot.quant;

import ingot.formats.IngotException;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.quant.calibration.CalibrationOptions;
import ingot.quant.calibration.CalibrationSet;
import ingot.quant.calibration.WorkFolder;
import ingot.runtime.Version;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiFunction;
import tools.jackson.databind.node.ObjectNode;

/**
 * What calibrated conversions and exports have in common: a calibration set, and a folder whose work belongs to one source,
 * one set and one choice of options.
 *
 * @param described what the provenance says of the set
 * @param key what has to be the same for work to be taken up again
 */
record CalibrationJob(CalibrationSet set, ObjectNode described, ObjectNode key) {
    /** @param asked the options that change the outcome */
    static CalibrationJob of(Source source, CalibrationOptions options, ObjectNode asked) {
        Optional<Tokenizer> tokenizer = source.tokenizer().map(Tokenizer::of);
        CalibrationSet set =
                CalibrationSet.read(options, tokenizer, source.graph().config().vocabSize());
        ObjectNode described = set.toJson().put("length", options.length()).put("seed", options.seed());
        ObjectNode key = Json.object().put("tool", "ingot " + Version.NUMBER);
        key.set("options", asked);
        key.set("calibration", described);
        var files = key.putArray("sources");
        source.files()
                .forEach(f -> files.addObject()
                        .put("file", Folders.name(f.path()))
                        .put("bytes", f.size())
                        .put("modified", f.modified()));
        return new CalibrationJob(set, described, key);
    }

    WorkFolder open(Path output, boolean resume) {
        return WorkFolder.open(output, key, resume);
    }

    /** What was worked out, and the open folder in which the rest of it lies. */
    record Done<T>(T result, WorkFolder work) {}

    /** Opens the folder and runs {@code steps}; closes it when they fail. */
    <T> Done<T> run(Path output, boolean resume, int threads, BiFunction<WorkFolder, Kernels, T> steps) {
        WorkFolder work = open(output, resume);
        try (Kernels kernels = Kernels.create(Backend.PORTABLE, 0, threads)) {
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
