package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A matrix that is already stored as integer codes with one f16 scale per row and group, as {@link Int8} or {@link Int4}. */
public interface CodedMatrix {
    /** Weights in hand at a time. */
    int TARGET_WEIGHTS = 1 << 20;

    /** Outputs. */
    long rows();

    /** Inputs; a multiple of {@link #group}. */
    int cols();

    /** Columns per scale. */
    int group();

    /**
     * Reads {@code n} rows.
     *
     * @param codes receives q, {@code [n][cols]}
     * @param scales receives f16 bits, {@code [n][cols ÷ group]}
     */
    void read(long first, int n, byte[] codes, short[] scales);

    /** Stores codes and scales as they are; {@code layout} has the same groups. Nothing is rounded. */
    default void copyTo(Layout layout, PartSink sink) {
        int step = (int) Math.min(Math.max(1, TARGET_WEIGHTS / cols() / Blocks.ROWS) * Blocks.ROWS, rows());
        byte[] codes = new byte[Math.multiplyExact(step, cols())];
        short[] scales = new short[codes.length / group()];
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> buffers = new ArrayList<>();
            layout.parts(step, cols()).forEach(p -> buffers.add(arena.allocate(p.bytes(), 64)));
            for (long row = 0; row < rows(); row += step) {
                int n = (int) Math.min(step, rows() - row);
                if (n < step) {
                    codes = new byte[n * cols()];
                    scales = new short[codes.length / group()];
                }
                read(row, n, codes, scales);
                List<MemorySegment> parts = new ArrayList<>();
                for (int i = 0; i < buffers.size(); i++) {
                    parts.add(buffers.get(i)
                            .asSlice(0, layout.parts(n, cols()).get(i).bytes()));
                }
                switch (layout) {
                    case Int8 int8 -> int8.encode(n, cols(), codes, scales, parts);
                    case Int4 int4 -> int4.encode(n, cols(), codes, scales, parts);
                    default -> throw new IllegalArgumentException(layout.describe() + " holds no integer codes");
                }
                for (int i = 0; i < parts.size(); i++) {
                    sink.write(i, parts.get(i));
                }
            }
        }
    }
}
