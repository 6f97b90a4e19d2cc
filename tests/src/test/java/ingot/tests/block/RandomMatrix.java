package ingot.tests.block;

import ingot.formats.DType;
import ingot.formats.Numbers;
import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.DoubleQuantized;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Random weights in every layout, with the codes and scales they were made of. */
public record RandomMatrix(Layout layout, int rows, int cols, byte[] codes, float[] scales, List<MemorySegment> parts) {
    public static final List<Layout> LAYOUTS = List.of(
            new Dense(DType.F32),
            new Dense(DType.F16),
            new Dense(DType.BF16),
            new Int8(32),
            new Int8(96),
            new Int8(Grouping.CHANNEL),
            new Int4(32),
            new Int4(128),
            new Int4(Grouping.CHANNEL),
            new IntN(3, 32),
            new IntN(3, 96),
            new IntN(5, 32),
            new IntN(5, Grouping.CHANNEL),
            new IntN(6, 32),
            new IntN(6, 64),
            new Iq4(32),
            new Iq4(96),
            new Iq4(Grouping.CHANNEL),
            new Nf4(false),
            new Nf4(true));

    /** Read-only native memory, as a mapped file gives. */
    public static RandomMatrix of(Layout layout, int rows, int cols, long seed) {
        Random random = new Random(seed);
        byte[] codes = new byte[layout instanceof Dense ? 0 : rows * cols];
        return switch (layout) {
            case Dense d -> {
                List<MemorySegment> parts = memory(layout, rows, cols);
                fill(d, random, parts.getFirst());
                yield new RandomMatrix(layout, rows, cols, codes, new float[0], parts);
            }
            case Grouped g -> {
                fill(codes, random, g.low(), g.high());
                yield of(g, rows, cols, codes, random);
            }
            case Nf4 n -> {
                fill(codes, random, 0, 15);
                List<MemorySegment> parts = memory(layout, rows, cols);
                yield new RandomMatrix(layout, rows, cols, codes, nf4(n, rows, cols, codes, random, parts), parts);
            }
        };
    }

    /** The same code everywhere, random scales. */
    public static RandomMatrix of(Grouped layout, int rows, int cols, long seed, int code) {
        byte[] codes = new byte[rows * cols];
        Arrays.fill(codes, (byte) code);
        return of(layout, rows, cols, codes, new Random(seed));
    }

    private static RandomMatrix of(Grouped layout, int rows, int cols, byte[] codes, Random random) {
        List<MemorySegment> parts = memory(layout, rows, cols);
        float[] scales = scales(random, rows, cols, layout.group());
        layout.encode(rows, cols, codes, halves(scales), parts);
        return new RandomMatrix(layout, rows, cols, codes, scales, parts);
    }

    private static List<MemorySegment> memory(Layout layout, int rows, int cols) {
        return layout.parts(rows, cols).stream()
                .map(part -> Arena.ofAuto().allocate(part.bytes(), 64))
                .toList();
    }

    public RandomMatrix {
        parts = parts.stream().map(MemorySegment::asReadOnly).toList();
    }

    private static float[] nf4(Nf4 n, int rows, int cols, byte[] codes, Random random, List<MemorySegment> parts) {
        n.encodeCodes(rows, cols, codes, parts.getFirst());
        float[] absmax = new float[rows * Blocks.of(rows, cols, Nf4.GROUP).groups()];
        for (int i = 0; i < absmax.length; i++) {
            absmax[i] = 0.01f + random.nextFloat() / 16;
        }
        if (!n.doubleQuant()) {
            n.encodeAbsmax(rows, cols, absmax, parts.get(1));
            return absmax;
        }
        DoubleQuantized dq = DoubleQuantized.of(absmax);
        n.encodeScales(rows, cols, dq, parts.subList(1, 4));
        for (int i = 0; i < absmax.length; i++) {
            double unit = ingot.formats.block.DynamicMap.value(dq.codes()[i] & 0xFF);
            absmax[i] = (float) ((double) (float) (unit * dq.nested()[i / 256]) + dq.offset());
        }
        return absmax;
    }

    private static void fill(Dense d, Random random, MemorySegment out) {
        for (long at = 0; at < out.byteSize(); at += d.type().bytes()) {
            float v = (float) random.nextGaussian() / 8;
            switch (d.type()) {
                case F32 -> out.set(Numbers.LE_FLOAT, at, v);
                case F16 -> out.set(Numbers.LE_SHORT, at, Float.floatToFloat16(v));
                default -> out.set(Numbers.LE_SHORT, at, Numbers.f32ToBf16(v));
            }
        }
    }

    private static void fill(byte[] codes, Random random, int low, int high) {
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) random.nextInt(low, high + 1);
        }
    }

    /** Signed scales that are halves. */
    private static float[] scales(Random random, int rows, int cols, int group) {
        float[] scales = new float[rows * Blocks.of(rows, cols, group).groups()];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Float.float16ToFloat(Float.floatToFloat16((random.nextFloat() - 0.4f) / 64));
        }
        return scales;
    }

    private static short[] halves(float[] values) {
        short[] out = new short[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Float.floatToFloat16(values[i]);
        }
        return out;
    }
}
