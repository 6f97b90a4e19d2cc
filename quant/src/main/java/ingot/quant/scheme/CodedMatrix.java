package ingot.quant.scheme;

import ingot.formats.block.Blocks;
import ingot.formats.block.Grouped;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A matrix that is already stored as codes with one f16 scale per row and group, those of a {@link Grouped} layout. */
public interface CodedMatrix {
    /** Weights in hand at a time. */
    int TARGET_WEIGHTS = 1 << 20;

    /** Outputs. */
    long rows();

    /** Inputs; a multiple of the layout's group. */
    int cols();

    /** What the codes mean; its groups are the matrix's own, given by number. */
    Grouped layout();

    /**
     * Reads {@code n} rows.
     *
     * @param codes receives codes, {@code [n][cols]}
     * @param scales receives f16 bits, {@code [n][cols ÷ group]}
     */
    void read(long first, int n, byte[] codes, short[] scales);

    /** Stores codes and scales as they are. Nothing is rounded. */
    default void copyTo(PartSink sink) {
        Grouped layout = layout();
        int step = (int) Math.min(Math.max(1, TARGET_WEIGHTS / cols() / Blocks.ROWS) * Blocks.ROWS, rows());
        byte[] codes = new byte[Math.multiplyExact(step, cols())];
        short[] scales = new short[codes.length / layout.group()];
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> buffers = new ArrayList<>();
            layout.parts(step, cols()).forEach(p -> buffers.add(arena.allocate(p.bytes(), 64)));
            for (long row = 0; row < rows(); row += step) {
                int n = (int) Math.min(step, rows() - row);
                if (n < step) {
                    codes = new byte[n * cols()];
                    scales = new short[codes.length / layout.group()];
                }
                read(row, n, codes, scales);
                List<MemorySegment> parts = new ArrayList<>();
                for (int i = 0; i < buffers.size(); i++) {
                    parts.add(buffers.get(i)
                            .asSlice(0, layout.parts(n, cols()).get(i).bytes()));
                }
                layout.encode(n, cols(), codes, scales, parts);
                for (int i = 0; i < parts.size(); i++) {
                    sink.write(i, parts.get(i));
                }
            }
        }
    }
}
