package ingot.quant.gptq;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** How the numbers of one matrix are put down. Rows may be put down by several threads. */
sealed interface Storage permits LayoutStorage, BlockStorage {
    Grid grid();

    ScaleRule rule();

    /** Columns that share a scaling. */
    int group();

    /** Largest magnitude of a weight that can be stored. */
    float most();

    /** Puts rows down from row {@code first} on, and what they decode to into {@code stored}, the whole matrix. */
    void put(Sweep.Rows rows, int first, float[] stored);

    /** The bytes, when all rows have been put down. */
    List<MemorySegment> parts();
}
