package ingot.runtime.verify;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Shape;
import ingot.formats.safetensors.SafetensorsOutput;
import ingot.formats.safetensors.SafetensorsWriter;
import ingot.runtime.Model;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Writes a {@link ingot.runtime.golden.GoldenFile} from a model: run it with scalar kernels to make it a reference. */
public final class GoldenRecorder {
    /**
     * @param greedy tokens of the greedy continuations; 0 for none
     * @param hidden index of the prompt whose hidden states are recorded; −1 for none
     * @param overwrite replace an existing file
     */
    public record Options(int greedy, int hidden, boolean overwrite) {
        public Options {
            if (greedy < 0 || greedy > 4096) {
                throw new IngotException.Usage(greedy + " greedy tokens: expected 0 to 4096");
            }
        }
    }

    private final Model model;
    private final List<int[]> prompts;
    private final Options options;

    private GoldenRecorder(Model model, List<int[]> prompts, Options options) {
        this.model = model;
        this.prompts = prompts;
        this.options = options;
    }

    /**
     * Records logits at every position and greedy continuations of {@code prompts}, each at least one token.
     *
     * @param metadata provenance, kept in the file
     */
    public static void record(
            Model model,
            List<int[]> prompts,
            Options options,
            Path output,
            Map<String, String> metadata,
            Progress progress) {
        GoldenRecorder recorder = new GoldenRecorder(model, prompts, options);
        recorder.check();
        try (Subject subject = Subject.of(model);
                SafetensorsOutput out =
                        SafetensorsOutput.create(output, options.overwrite, recorder.layout(), metadata)) {
            for (int k = 0; k < prompts.size(); k++) {
                progress.step("recording", k, prompts.size(), Progress.Unit.STEPS);
                recorder.write(subject, k, out);
            }
            progress.step("recording", prompts.size(), prompts.size(), Progress.Unit.STEPS);
            out.commit();
        }
    }

    private void check() {
        if (prompts.isEmpty()) {
            throw new IngotException.Usage("no prompts; give at least one");
        }
        if (options.hidden >= prompts.size()) {
            throw new IngotException.Usage("hidden states of prompt " + options.hidden + ", but there are only "
                    + prompts.size() + " prompts");
        }
        int vocab = model.info().vocabSize();
        for (int k = 0; k < prompts.size(); k++) {
            int[] ids = prompts.get(k);
            if (ids.length == 0) {
                throw new IngotException.Usage("prompt " + k + " is empty");
            }
            for (int id : ids) {
                if (id < 0 || id >= vocab) {
                    throw new IngotException.Usage(
                            "prompt " + k + ": id " + id + " is outside the vocabulary of " + vocab);
                }
            }
        }
    }

    private SafetensorsWriter layout() {
        SafetensorsWriter layout = new SafetensorsWriter(8);
        for (int k = 0; k < prompts.size(); k++) {
            int length = prompts.get(k).length;
            layout.add(name(k, "input_ids"), DType.I64, new Shape(length));
            if (options.greedy > 0) {
                layout.add(name(k, "greedy_ids"), DType.I64, new Shape(options.greedy));
                layout.add(name(k, "greedy_ids_cached"), DType.I64, new Shape(options.greedy));
            }
            layout.add(
                    name(k, "logits"), DType.F32, new Shape(length, model.info().vocabSize()));
            if (k == options.hidden) {
                for (String point : points()) {
                    layout.add(
                            name(k, "hidden." + point),
                            DType.F32,
                            new Shape(length, model.info().hidden()));
                }
            }
        }
        return layout;
    }

    private List<String> points() {
        List<String> points = new ArrayList<>();
        points.add("embed");
        for (int i = 0; i < model.info().layers(); i++) {
            points.add("layer." + i);
        }
        points.add("final_norm");
        return points;
    }

    private static String name(int k, String part) {
        return "prompt." + k + "." + part;
    }

    private void write(Subject subject, int k, SafetensorsOutput out) {
        int[] ids = prompts.get(k);
        out.write(name(k, "input_ids"), longs(ids));
        subject.logits(ids, (position, logits) -> out.write(name(k, "logits"), floats(logits)));
        if (options.greedy > 0) {
            out.write(name(k, "greedy_ids"), longs(recomputed(subject, ids)));
            out.write(name(k, "greedy_ids_cached"), longs(subject.greedy(ids, options.greedy)));
        }
        if (k == options.hidden) {
            // A chunk of positions passes layer by layer, so rows of one tensor come in order but tensors alternate.
            SequencedMap<String, Integer> next = new LinkedHashMap<>();
            points().forEach(p -> next.put(p, 0));
            subject.trace(ids, (point, position, hidden) -> {
                if (next.merge(point, 1, Integer::sum) != position + 1) {
                    throw new IllegalStateException(point + " out of order");
                }
                out.write(name(k, "hidden." + point), floats(hidden));
            });
        }
    }

    private int[] recomputed(Subject subject, int[] prompt) {
        int[] all = Arrays.copyOf(prompt, prompt.length + options.greedy);
        for (int n = prompt.length; n < all.length; n++) {
            all[n] = subject.next(Arrays.copyOf(all, n));
        }
        return Arrays.copyOfRange(all, prompt.length, all.length);
    }

    private static ByteBuffer longs(int[] values) {
        ByteBuffer out = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int v : values) {
            out.putLong(v);
        }
        return out.flip();
    }

    private static ByteBuffer floats(float[] values) {
        ByteBuffer out = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        out.asFloatBuffer().put(values);
        return out;
    }
}
