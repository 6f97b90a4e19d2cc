package ingot.quant;

import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Layout;
import ingot.formats.gguf.GgmlType;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.RoundingError;
import ingot.quant.gptq.Target;
import ingot.quant.grid.BlockScheme;
import ingot.quant.scheme.DenseScheme;
import ingot.quant.scheme.IntegerCodes;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of a source as an export to GGUF stores them.
 *
 * @param types of every weight, by name
 * @param threads that round a matrix
 */
record GgufWeights(Source source, Map<String, GgmlType> types, int threads) implements SourceWeights {
    /** Rows of a task. */
    private static final int ROWS = 64;

    GgmlType type(WeightSpec spec) {
        GgmlType type = types.get(spec.name());
        if (type == null) {
            throw new IllegalArgumentException(spec.name() + " is not part of this model");
        }
        return type;
    }

    /** Whether the source has the very blocks. */
    boolean copied(WeightSpec spec) {
        return SourceCodes.ggufType(source, spec).filter(type(spec)::equals).isPresent();
    }

    /** Whether codes and scales of the source are those of the type. */
    private boolean carried(WeightSpec spec) {
        GgmlType type = type(spec);
        Optional<Layout> natural = SourceCodes.natural(source, spec);
        return natural.isPresent()
                && natural.get() instanceof Grouped grouped
                && GgufTypes.carries(type, SourceCodes.bits(grouped), grouped)
                && grouped.blocks(spec.rows(), spec.cols()).group() % type.blockWeights() == 0;
    }

    /** The codes, where they are the type's. */
    Optional<IntegerCodes> codes(WeightSpec spec) {
        return carried(spec) ? SourceCodes.integers(source, spec) : Optional.empty();
    }

    @Override
    public WeightReader.NonFinite policy() {
        return WeightReader.NonFinite.REFUSE;
    }

    @Override
    public Target target(WeightSpec spec) {
        return new Target.Blocks(type(spec));
    }

    @Override
    public boolean calibrated(WeightSpec spec) {
        return target(spec).rounds() && !asItIs(spec);
    }

    private boolean asItIs(WeightSpec spec) {
        return copied(spec) || (carried(spec) && SourceCodes.hasIntegers(source, spec));
    }

    @Override
    public Rounded plain(WeightSpec spec, float[] rows) {
        return asItIs(spec)
                ? new Rounded(List.of(), rows, RoundingError.of(rows, rows))
                : plain(spec, target(spec), rows);
    }

    @Override
    public Rounded plain(WeightSpec spec, Target target, float[] rows) {
        float[] ones = new float[spec.cols()];
        Arrays.fill(ones, 1);
        return round(spec, target, rows, ones);
    }

    @Override
    public Rounded weighted(WeightSpec spec, float[] rows, float[] importance) {
        return round(spec, target(spec), rows, importance);
    }

    private Rounded round(WeightSpec spec, Target target, float[] values, float[] importance) {
        if (!(target instanceof Target.Blocks(GgmlType type))) {
            throw new IllegalArgumentException(target.label() + " is no type of GGUF files");
        }
        int cols = spec.cols();
        if (!target.rounds()) {
            Dense dense = new Dense(type.presented());
            return InMemory.of(spec.name(), values, cols).encode(new DenseScheme(dense, false), dense);
        }
        int rows = values.length / cols;
        byte[] bytes = new byte[Math.toIntExact(type.bytes(values.length))];
        float[] stored = new float[values.length];
        List<Tasks.Task> tasks = new ArrayList<>();
        for (int first = 0; first < rows; first += ROWS) {
            int from = first * cols;
            int to = Math.min(rows, first + ROWS) * cols;
            tasks.add(new Tasks.Task(to - from, () -> {
                InMemory some = InMemory.of(spec.name(), Arrays.copyOfRange(values, from, to), cols);
                ByteBuffer room = ByteBuffer.wrap(bytes).position(Math.toIntExact(type.bytes(from)));
                new BlockScheme(type).round(some, importance, room::put);
                decode(type, bytes, from, to, stored);
            }));
        }
        Tasks.run(tasks, threads);
        return new Rounded(List.of(MemorySegment.ofArray(bytes)), stored, RoundingError.of(values, stored));
    }

    private static void decode(GgmlType type, byte[] bytes, int from, int to, float[] stored) {
        var block = type.packed().orElseThrow();
        for (int at = from; at < to; at += block.weights()) {
            block.dequantize(bytes, at / block.weights() * block.bytes(), stored, at);
        }
    }
}
