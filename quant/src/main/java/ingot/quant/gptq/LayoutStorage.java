package ingot.quant.gptq;

import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.quant.scheme.F16Scale;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A matrix in a layout of .ingot files. */
@SuppressWarnings("ArrayRecordComponent") // buffers, never compared
record LayoutStorage(
        Layout layout, Blocks geometry, Grid grid, ScaleRule rule, float[] scales, List<MemorySegment> room)
        implements Storage {
    static LayoutStorage of(Layout layout, float[] w, int rows, int cols) {
        Blocks geometry = geometry(layout, rows, cols);
        return new LayoutStorage(
                layout,
                geometry,
                grid(layout),
                rule(w, layout, geometry),
                new float[twice(layout) ? Math.multiplyExact(rows, geometry.groups()) : 0],
                Rounded.room(new Target.Stored(layout), rows, cols));
    }

    static Blocks geometry(Layout layout, int rows, int cols) {
        int group = switch (layout) {
            case Grouped g -> g.group();
            case Nf4 n -> Nf4.GROUP;
            case Dense d -> throw noGrid(layout);
        };
        return Blocks.of(rows, cols, group);
    }

    private static Grid grid(Layout layout) {
        return switch (layout) {
            case Iq4 i -> new TableGrid(Iq4.values(), true);
            // A range that is lopsided fits better with one sign of the scale than with the other.
            case Grouped g -> new UniformGrid(g.lowest(), g.high(), g.lowest() != -g.high());
            case Nf4 n -> new TableGrid(Nf4.values(), false);
            case Dense d -> throw noGrid(layout);
        };
    }

    private static ScaleRule rule(float[] w, Layout layout, Blocks geometry) {
        return switch (layout) {
            case Nf4 n when n.doubleQuant() -> DoubleRule.of(w, geometry);
            case Nf4 n -> ScaleRule.F32;
            case Grouped g -> ScaleRule.F16;
            case Dense d -> throw noGrid(layout);
        };
    }

    private static IllegalArgumentException noGrid(Layout layout) {
        return new IllegalArgumentException(layout.label() + " has no grid");
    }

    @Override
    public int group() {
        return geometry.group();
    }

    @Override
    public float most() {
        return layout instanceof Grouped grouped ? most(grouped) : Float.MAX_VALUE;
    }

    static float most(Grouped layout) {
        Grid grid = grid(layout);
        return F16Scale.MAX * Math.max(-grid.low(), grid.high());
    }

    @Override
    public void put(Sweep.Rows out, int first, float[] stored) {
        int cols = geometry.cols();
        int n = out.codes().length / cols;
        System.arraycopy(out.stored(), 0, stored, first * cols, n * cols);
        if (twice(layout)) {
            System.arraycopy(out.scales(), 0, scales, first * geometry.groups(), n * geometry.groups());
        }
        List<MemorySegment> parts = slices(first, n);
        switch (layout) {
            case Grouped g -> g.encode(n, cols, out.codes(), halves(out.scales()), parts);
            case Nf4 f -> {
                f.encodeCodes(n, cols, out.codes(), parts.getFirst());
                if (!f.doubleQuant()) {
                    f.encodeAbsmax(n, cols, out.scales(), parts.get(1));
                }
            }
            case Dense d -> throw noGrid(layout);
        }
    }

    /** Whether scales are quantized together in the end. */
    private static boolean twice(Layout layout) {
        return layout instanceof Nf4 nf4 && nf4.doubleQuant();
    }

    private List<MemorySegment> slices(int first, int rows) {
        int cols = geometry.cols();
        List<Part> sizes = layout.parts(rows, cols);
        List<MemorySegment> slices = new ArrayList<>();
        for (int i = 0; i < room.size(); i++) {
            // A block of 16 rows depends on no other one, so the parts of the rows before are a prefix.
            long from = first == 0 ? 0 : layout.parts(first, cols).get(i).bytes();
            slices.add(
                    i > 1 ? room.get(i) : room.get(i).asSlice(from, sizes.get(i).bytes()));
        }
        return slices;
    }

    private static short[] halves(float[] scales) {
        short[] bits = new short[scales.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToFloat16(scales[i]);
        }
        return bits;
    }

    @Override
    public List<MemorySegment> parts() {
        if (layout instanceof Nf4 nf4 && rule instanceof DoubleRule twice) {
            // The rule let only storable scales through: quantizing them again finds their own codes.
            int rows = Math.toIntExact(geometry.rows());
            nf4.encodeScales(rows, geometry.cols(), twice.codes(scales), room.subList(1, room.size()));
        }
        return room;
    }
}
