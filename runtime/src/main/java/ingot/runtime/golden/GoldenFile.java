package ingot.runtime.golden;

import ingot.formats.DType;
import ingot.formats.IngotException.BadData;
import ingot.formats.IngotException.ConfigMismatch;
import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.TensorSource;
import ingot.formats.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Prompts with the logits a reference implementation computed for them: tensors {@code prompt.K.input_ids} I64 [T],
 * {@code prompt.K.logits} F32 [T, vocab], optional {@code greedy_ids}, {@code greedy_ids_cached} I64 [n] and
 * {@code hidden.*} F32 [T, hidden], K counting from 0. Everything is checked on opening except the numbers, which are
 * read row by row.
 */
public final class GoldenFile implements AutoCloseable {
    private static final int MAX_PROMPTS = 10_000;
    private static final int MAX_TOKENS = 1 << 20;
    private static final Pattern LAYER = Pattern.compile("layer\\.(\\d{1,5})");
    private static final Pattern INDEXED = Pattern.compile("prompt\\.(\\d{1,6})\\.(.+)", Pattern.DOTALL);

    private final TensorSource source;
    private final Path origin;
    private final List<GoldenPrompt> prompts;
    private final int vocabSize;

    private GoldenFile(TensorSource source, Path origin) {
        this.source = source;
        this.origin = origin;
        List<SequencedMap<String, TensorInfo>> parts = byPrompt();
        List<GoldenPrompt> list = new ArrayList<>();
        for (int k = 0; k < parts.size(); k++) {
            list.add(prompt(k, parts.get(k)));
        }
        this.prompts = List.copyOf(list);
        this.vocabSize = Math.toIntExact(list.getFirst().logits().shape().dim(1));
        for (GoldenPrompt p : list) {
            if (p.logits().shape().dim(1) != vocabSize) {
                throw bad(p.logits(), "last dimension " + p.logits().shape().dim(1) + ", prompt 0 has " + vocabSize);
            }
        }
    }

    /** Opens a golden file. */
    public static GoldenFile open(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        try {
            return new GoldenFile(file, path);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Golden tensors from elsewhere, such as those embedded in a model; closed with this object.
     *
     * @param origin named in errors
     */
    public static GoldenFile of(TensorSource source, Path origin) {
        return new GoldenFile(source, origin);
    }

    /** At least one. */
    public List<GoldenPrompt> prompts() {
        return prompts;
    }

    public int vocabSize() {
        return vocabSize;
    }

    public Path origin() {
        return origin;
    }

    /** Width of the hidden states of a prompt that has them. */
    public int hiddenSize(GoldenPrompt prompt) {
        return Math.toIntExact(prompt.hidden().firstEntry().getValue().shape().dim(1));
    }

    /**
     * Reads the logits at one position into {@code out} [vocab].
     *
     * @throws BadData when one is not finite: nothing can be compared with it
     */
    public void readLogits(GoldenPrompt prompt, int position, float[] out) {
        row(prompt.logits(), position, out);
    }

    /** Reads one hidden state into {@code out} [hidden]. */
    public void readHidden(GoldenPrompt prompt, String name, int position, float[] out) {
        TensorInfo tensor = prompt.hidden().get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no hidden state " + name);
        }
        row(tensor, position, out);
    }

    private void row(TensorInfo tensor, int position, float[] out) {
        byte[] bytes = new byte[Math.multiplyExact(4, out.length)];
        source.read(tensor, (long) position * bytes.length, MemorySegment.ofArray(bytes));
        Numbers.toF32(DType.F32, MemorySegment.ofArray(bytes), 0, out, 0, out.length);
        for (int i = 0; i < out.length; i++) {
            if (!Float.isFinite(out[i])) {
                throw bad(tensor, "[" + position + ", " + i + "] is " + out[i] + ": a golden value must be finite");
            }
        }
    }

    private List<SequencedMap<String, TensorInfo>> byPrompt() {
        List<SequencedMap<String, TensorInfo>> parts = new ArrayList<>();
        SequencedMap<Integer, SequencedMap<String, TensorInfo>> found = new LinkedHashMap<>();
        for (TensorInfo t : source.tensors().values()) {
            var m = INDEXED.matcher(t.name());
            if (m.matches()) {
                found.computeIfAbsent(Integer.parseInt(m.group(1)), k -> new LinkedHashMap<>())
                        .put(m.group(2), t);
            }
        }
        if (found.isEmpty()) {
            throw BadData.in(origin, "no tensor 'prompt.0.input_ids'; expected a golden file");
        }
        if (found.size() > MAX_PROMPTS) {
            throw BadData.in(origin, found.size() + " prompts; at most " + MAX_PROMPTS + " are accepted");
        }
        for (int k = 0; k < found.size(); k++) {
            SequencedMap<String, TensorInfo> part = found.get(k);
            if (part == null) {
                throw BadData.in(origin, found.size() + " prompts, but none is 'prompt." + k + "'; expected 0, 1, 2 …");
            }
            parts.add(part);
        }
        return parts;
    }

    private GoldenPrompt prompt(int k, SequencedMap<String, TensorInfo> parts) {
        if (parts.containsKey("pixel_values") || parts.containsKey("image.0")) {
            throw ConfigMismatch.in(origin, "prompt " + k + " holds images; this version runs text only");
        }
        TensorInfo logits = require(k, parts.get("logits"), "logits");
        TensorInfo input = require(k, parts.get("input_ids"), "input_ids");
        if (logits.dtype() != DType.F32 || logits.shape().rank() != 2) {
            throw bad(logits, "expected F32 [tokens, vocabulary], not " + describe(logits));
        }
        long vocab = logits.shape().dim(1);
        if (vocab < 1 || vocab > 1 << 24) {
            throw bad(logits, "a vocabulary of " + vocab + " tokens");
        }
        int[] ids = ids(input, vocab);
        if (ids.length == 0 || logits.shape().dim(0) != ids.length) {
            throw bad(logits, describe(logits) + " for " + ids.length + " tokens");
        }
        return new GoldenPrompt(
                k,
                ids,
                logits,
                ids(parts.get("greedy_ids"), vocab),
                ids(parts.get("greedy_ids_cached"), vocab),
                hidden(parts, ids.length));
    }

    private SequencedMap<String, TensorInfo> hidden(SequencedMap<String, TensorInfo> parts, int tokens) {
        SequencedMap<String, TensorInfo> hidden = new LinkedHashMap<>();
        parts.entrySet().stream()
                .filter(e -> e.getKey().startsWith("hidden."))
                .map(e -> Map.entry(e.getKey().substring("hidden.".length()), e.getValue()))
                .filter(e -> order(e.getKey()) >= 0)
                .sorted(Comparator.comparingInt(e -> order(e.getKey())))
                .forEach(e -> hidden.put(e.getKey(), e.getValue()));
        long width = -1;
        for (TensorInfo t : hidden.values()) {
            if (t.dtype() != DType.F32 || t.shape().rank() != 2 || t.shape().dim(0) != tokens) {
                throw bad(t, "expected F32 [" + tokens + ", hidden], not " + describe(t));
            }
            if (width >= 0 && t.shape().dim(1) != width) {
                throw bad(t, "is " + t.shape().dim(1) + " wide, another hidden state " + width);
            }
            width = t.shape().dim(1);
            if (width < 1 || width > 1 << 24) {
                throw bad(t, "a width of " + width);
            }
        }
        return hidden;
    }

    /** Order of a forward pass; -1 for tensors of other kinds. */
    private static int order(String name) {
        var m = LAYER.matcher(name);
        if (m.matches()) {
            return 1 + Integer.parseInt(m.group(1));
        }
        return switch (name) {
            case "embed" -> 0;
            case "final_norm" -> Integer.MAX_VALUE;
            default -> -1;
        };
    }

    private int[] ids(@Nullable TensorInfo tensor, long vocab) {
        if (tensor == null) {
            return new int[0];
        }
        if (tensor.dtype() != DType.I64 || tensor.shape().rank() != 1) {
            throw bad(tensor, "expected I64 [tokens], not " + describe(tensor));
        }
        if (tensor.shape().count() > MAX_TOKENS) {
            throw bad(tensor, tensor.shape().count() + " tokens; at most " + MAX_TOKENS + " are accepted");
        }
        int n = (int) tensor.shape().count();
        byte[] bytes = new byte[8 * n];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        source.read(tensor, 0, segment);
        int[] ids = new int[n];
        for (int i = 0; i < n; i++) {
            long id = segment.get(Numbers.LE_LONG, 8L * i);
            if (id < 0 || id >= vocab) {
                throw bad(tensor, "[" + i + "] is " + id + ", outside the vocabulary of " + vocab);
            }
            ids[i] = (int) id;
        }
        return ids;
    }

    private TensorInfo require(int k, @Nullable TensorInfo tensor, String name) {
        if (tensor == null) {
            throw BadData.in(origin, "no tensor 'prompt." + k + "." + name + "'");
        }
        return tensor;
    }

    private static String describe(TensorInfo t) {
        return t.dtype().label() + " " + t.shape();
    }

    private BadData bad(TensorInfo t, String reason) {
        return BadData.tensor(origin, t.name(), t.offset(), reason);
    }

    @Override
    public void close() {
        source.close();
    }
}
