package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.kernel.GuidedSplit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GuidedSplitTest {
    private static final long LEAST = 32 << 10;

    @ParameterizedTest
    @CsvSource({
        "1, 1, 7, 100, 31",
        "1, 33, 1, 9000000, 1",
        "2, 608, 608, 8192, 8192",
        "2, 56, 9496, 8192, 8704",
        "7, 31, 100, 33, 70000",
        "64, 152064, 1, 1792, 5",
        "300, 1000, 1000, 1000000, 1000000"
    })
    void everyBlockOfEveryMatrixIsInOneTaskInOrder(
            int threads, int blocks, int otherBlocks, long blockBytes, long otherBytes) {
        GuidedSplit split = new GuidedSplit();
        // Filled before with something larger: nothing of it may be left.
        split.begin(1L << 40, threads, Long.MAX_VALUE);
        split.add(2000, 1L << 29);
        long total = blocks * blockBytes + otherBlocks * otherBytes;
        split.begin(total, threads, Long.MAX_VALUE);
        split.add(blocks, blockBytes);
        split.add(otherBlocks, otherBytes);

        int part = 0;
        int next = 0;
        long before = Long.MAX_VALUE;
        for (int task = 0; task < split.tasks(); task++) {
            if (split.part(task) != part) {
                assertEquals(0, part);
                assertEquals(blocks, next);
                part = split.part(task);
                next = 0;
            }
            assertEquals(next, split.first(task));
            assertTrue(split.count(task) > 0);
            next += split.count(task);
            long bytes = split.count(task) * (part == 0 ? blockBytes : otherBytes);
            long block = Math.max(blockBytes, otherBytes);
            assertTrue(bytes <= Math.max(block, Math.max(LEAST, total / (2L * threads))), "a task is a fair share");
            if (part == 0 && task + 1 < split.tasks() && split.part(task + 1) == 0) {
                assertTrue(bytes <= before, "tasks become smaller");
                before = bytes;
            }
        }
        assertEquals(1, part);
        assertEquals(otherBlocks, next);
    }

    @ParameterizedTest
    @CsvSource({"2, 4864, 4096", "3, 7, 200000", "1, 100, 33"})
    void aTaskIsNotLargerThanAskedFor(int threads, int blocks, long blockBytes) {
        GuidedSplit split = new GuidedSplit();
        split.begin(blocks * blockBytes, threads, 64 << 10);
        split.add(blocks, blockBytes);
        int seen = 0;
        for (int task = 0; task < split.tasks(); task++) {
            assertTrue(split.count(task) == 1 || split.count(task) * blockBytes <= 64 << 10);
            seen += split.count(task);
        }
        assertEquals(blocks, seen);
    }
}
