package ingot.quant;

import ingot.formats.Numbers;
import ingot.formats.Progress;
import ingot.formats.TensorInfo;
import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.DynamicMap;
import ingot.formats.block.Grouped;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.StoredCodes;
import ingot.formats.ingot.IngotFile;
import ingot.formats.ingot.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What codes and scales a matrix is stored with, counted in the finished file: whatever chose them, this is what will be
 * computed with. Padding is not counted.
 *
 * @param atEnds codes that are the lowest or the highest of those that rounding uses
 * @param codes how often each code is there: the integer itself, or the index into the table of iq4 and nf4; in bins of 2 for
 *     int6 and of 8 for int8
 * @param scales ⌊log₂|scale|⌋ of the scales that are not zero
 * @param zeroScales scales that are: groups of zeros
 */
public record CodeStatistics(long atEnds, Histogram codes, Histogram scales, long zeroScales) {
    /** Weights in hand at a time. */
    private static final int TARGET_WEIGHTS = 1 << 18;

    /** Bins of codes at most. */
    private static final int BINS = 32;

    /** Share of the codes that are at an end of the grid. */
    public double saturation() {
        return (double) atEnds / codes.total();
    }

    /** Of both; with the same type. */
    public CodeStatistics plus(CodeStatistics other) {
        return new CodeStatistics(
                atEnds + other.atEnds,
                codes.plus(other.codes),
                scales.plus(other.scales),
                zeroScales + other.zeroScales);
    }

    /**
     * Counts in every matrix of a file that has codes, by the tensor's name. Each matrix is one task and holds a few
     * megabytes.
     */
    public static Map<String, CodeStatistics> read(Path path, int threads, Progress progress) {
        try (IngotFile file = IngotFile.open(path)) {
            List<StoredTensor> tensors = file.manifest().tensors().stream()
                    .filter(t -> !(t.layout() instanceof Dense))
                    .toList();
            AtomicLong done = new AtomicLong();
            CodeStatistics[] counted = new CodeStatistics[tensors.size()];
            List<Tasks.Task> tasks = new ArrayList<>();
            for (int i = 0; i < counted.length; i++) {
                int index = i;
                StoredTensor tensor = tensors.get(i);
                tasks.add(new Tasks.Task(tensor.shape().count(), () -> {
                    counted[index] = of(file, tensor);
                    synchronized (counted) {
                        progress.step("counting codes", done.incrementAndGet(), counted.length, Progress.Unit.TENSORS);
                    }
                }));
            }
            Tasks.run(tasks, threads);
            Map<String, CodeStatistics> byName = new LinkedHashMap<>();
            for (int i = 0; i < counted.length; i++) {
                byName.put(tensors.get(i).name(), counted[i]);
            }
            return byName;
        }
    }

    private static CodeStatistics of(IngotFile file, StoredTensor tensor) {
        long rows = tensor.shape().rows();
        int cols = Math.toIntExact(tensor.shape().cols());
        // Blocks of 16 rows lie one behind the other in every part that has rows.
        int step = (int) Math.min(rows, Math.max(1, TARGET_WEIGHTS / cols / Blocks.ROWS) * (long) Blocks.ROWS);
        Counter counter = new Counter(tensor.layout());
        Parts parts = new Parts(file, tensor);
        for (long first = 0; first < rows; first += step) {
            int n = (int) Math.min(step, rows - first);
            List<MemorySegment> in = parts.rows(first, n);
            switch (tensor.layout()) {
                case Grouped grouped -> {
                    Blocks blocks = grouped.blocks(n, cols);
                    byte[] values = new byte[n * cols];
                    short[] scales = new short[n * blocks.groups()];
                    StoredCodes.integers(grouped, blocks, in, new StoredCodes.Rows(0, n), values, scales);
                    counter.codes(values);
                    for (short scale : scales) {
                        counter.scale(Float.float16ToFloat(scale));
                    }
                }
                case Nf4 nf4 -> {
                    Blocks blocks = Blocks.of(n, cols, Nf4.GROUP);
                    byte[] codes = new byte[n * cols];
                    StoredCodes.normals(blocks, in.getFirst(), new StoredCodes.Rows(0, n), codes);
                    counter.codes(codes);
                    counter.absmax(nf4, blocks, in, first);
                }
                case Dense none -> throw noCodes(none);
            }
        }
        return counter.result();
    }

    /** Reads runs of rows of a matrix's codes and scales, and what else there is as a whole. */
    private record Parts(IngotFile file, StoredTensor tensor) {
        List<MemorySegment> rows(long first, int n) {
            Layout layout = tensor.layout();
            long cols = tensor.shape().cols();
            List<MemorySegment> segments = new ArrayList<>();
            for (int i = 0; i < tensor.parts().size(); i++) {
                TensorInfo info = file.physicalTensor(tensor.parts().get(i));
                boolean byRows = i < 2;
                long from = first == 0 || !byRows
                        ? 0
                        : layout.parts(first, cols).get(i).bytes();
                long bytes = byRows ? layout.parts(n, cols).get(i).bytes() : info.bytes();
                MemorySegment segment = MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
                file.physical().read(info, from, segment);
                segments.add(segment);
            }
            return segments;
        }
    }

    /** Counts codes and scales as they come. */
    private static final class Counter {
        private final Layout layout;
        /** By what is stored or multiplied, as an unsigned byte. */
        private final long[] bytes = new long[256];

        private final long[] exponents = new long[Float.MAX_EXPONENT - Float.MIN_EXPONENT + 2];
        private long zeros;

        Counter(Layout layout) {
            this.layout = layout;
        }

        void codes(byte[] codes) {
            for (byte code : codes) {
                bytes[code & 0xFF]++;
            }
        }

        void scale(float scale) {
            if (scale == 0) {
                zeros++;
            } else {
                // Below the least normal number all are one; a scale that is not finite is above all.
                exponents[Math.min(Math.getExponent(scale), Float.MAX_EXPONENT) - Float.MIN_EXPONENT + 1]++;
            }
        }

        /** @param first row of the matrix that is row 0 of the blocks: nested scales are counted over all of it */
        void absmax(Nf4 layout, Blocks blocks, List<MemorySegment> parts, long first) {
            if (!layout.doubleQuant()) {
                for (float scale : StoredCodes.absmax(blocks, parts.get(1))) {
                    scale(scale);
                }
                return;
            }
            for (long row = 0; row < blocks.rows(); row++) {
                for (int g = 0; g < blocks.groups(); g++) {
                    int code = parts.get(1).get(ValueLayout.JAVA_BYTE, blocks.scaleAt(row, g)) & 0xFF;
                    long index = ((first + row) * blocks.groups() + g) / Nf4.NESTED;
                    float nested = parts.get(2).get(Numbers.LE_FLOAT, index * Float.BYTES);
                    float offset = parts.get(3).get(Numbers.LE_FLOAT, 0);
                    scale(DynamicMap.value(code) * nested + offset);
                }
            }
        }

        CodeStatistics result() {
            return switch (layout) {
                case Grouped g -> result(g.low(), g.lowest(), g.high());
                case Nf4 nf4 -> result(0, 0, Nf4.values().length - 1);
                case Dense none -> throw noCodes(none);
            };
        }

        private CodeStatistics result(int low, int lowest, int highest) {
            int levels = Integer.highestOneBit(highest - low) * 2;
            int width = Math.max(1, levels / BINS);
            long[] bins = new long[levels / width];
            long atEnds = 0;
            for (int code = low; code <= highest; code++) {
                long count = bytes[(layout instanceof Grouped g ? g.value(code) : code) & 0xFF];
                bins[(code - low) / width] += count;
                atEnds += code <= lowest || code == highest ? count : 0;
            }
            return new CodeStatistics(
                    atEnds,
                    new Histogram(low, width, Arrays.stream(bins).boxed().toList()),
                    scales(),
                    zeros);
        }

        private Histogram scales() {
            int from = 0;
            int to = exponents.length;
            while (from < to && exponents[from] == 0) {
                from++;
            }
            while (to > from && exponents[to - 1] == 0) {
                to--;
            }
            List<Long> counts = Arrays.stream(exponents, from, to).boxed().toList();
            return new Histogram(from + Float.MIN_EXPONENT - 1, 1, counts);
        }
    }

    private static IllegalStateException noCodes(Dense layout) {
        return new IllegalStateException(layout.label() + " has no codes");
    }
}
