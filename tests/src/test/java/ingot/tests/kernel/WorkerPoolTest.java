package ingot.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.runtime.kernel.WorkerPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The timeout is for hanging, not for speed. */
@Timeout(120)
class WorkerPoolTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyTaskRunsOnce(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            assertEquals(threads, pool.threads());
            for (int round = 0; round < 500; round++) {
                for (int tasks : new int[] {0, 1, 2, 7, 33}) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(33);
                    pool.run(tasks, runs::incrementAndGet);
                    for (int i = 0; i < 33; i++) {
                        assertEquals(i < tasks ? 1 : 0, runs.get(i));
                    }
                }
            }
        }
    }

    @Test
    void plainWritesOfTasksAreSeenByTheCaller() {
        try (WorkerPool pool = new WorkerPool(3)) {
            for (int round = 1; round < 2000; round++) {
                int value = round;
                int[] out = new int[7];
                pool.run(7, i -> out[i] = value);
                int[] expected = new int[7];
                Arrays.fill(expected, value);
                assertArrayEquals(expected, out);
            }
        }
    }

    @Test
    void workersDoTakePart() throws InterruptedException {
        try (WorkerPool pool = new WorkerPool(2)) {
            // Each task waits for the other one: both threads are needed.
            CountDownLatch both = new CountDownLatch(2);
            AtomicInteger together = new AtomicInteger();
            pool.run(2, i -> {
                both.countDown();
                try {
                    if (both.await(60, TimeUnit.SECONDS)) {
                        together.incrementAndGet();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            assertEquals(2, together.get());
        }
    }

    @Test
    void sleepingWorkersWakeUp() throws InterruptedException {
        try (WorkerPool pool = new WorkerPool(2)) {
            for (int round = 0; round < 5; round++) {
                Thread.sleep(20);
                assertEquals(Thread.State.WAITING, awaitIdle(), "an idle worker must not use the processor");
                CountDownLatch both = new CountDownLatch(2);
                pool.run(2, i -> {
                    both.countDown();
                    try {
                        assertTrue(both.await(60, TimeUnit.SECONDS));
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
            }
        }
    }

    /** State of a worker after it had all the time it needs to fall asleep. */
    private static Thread.State awaitIdle() throws InterruptedException {
        Thread.State state = Thread.State.RUNNABLE;
        for (int i = 0; i < 3000 && state != Thread.State.WAITING; i++) {
            Thread.sleep(10);
            state = Thread.getAllStackTraces().keySet().stream()
                    .filter(t -> t.getName().startsWith("ingot-worker-"))
                    .map(Thread::getState)
                    .filter(s -> s == Thread.State.WAITING)
                    .findAny()
                    .orElse(Thread.State.RUNNABLE);
        }
        return state;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void whatATaskThrowsIsThrownAndThePoolGoesOn(int threads) {
        try (WorkerPool pool = new WorkerPool(threads)) {
            for (int round = 0; round < 200; round++) {
                IllegalStateException bad = new IllegalStateException("task");
                int culprit = round % 33;
                assertSame(
                        bad,
                        assertThrows(
                                IllegalStateException.class,
                                () -> pool.run(33, i -> {
                                    if (i == culprit) {
                                        throw bad;
                                    }
                                })));
                assertThrows(
                        StackOverflowError.class,
                        () -> pool.run(2, i -> {
                            throw new StackOverflowError();
                        }));
                AtomicInteger sum = new AtomicInteger();
                pool.run(7, sum::addAndGet);
                assertEquals(21, sum.get());
            }
        }
    }

    @Test
    void concurrentCallersAllGetTheirWorkDone() throws Exception {
        try (WorkerPool pool = new WorkerPool(3);
                ExecutorService callers = Executors.newFixedThreadPool(4)) {
            List<Future<Long>> sums = new ArrayList<>();
            for (int c = 0; c < 4; c++) {
                long unit = c + 1;
                sums.add(callers.submit(() -> {
                    long total = 0;
                    for (int round = 0; round < 1000; round++) {
                        long[] out = new long[31];
                        pool.run(31, i -> out[i] = i * unit);
                        total += Arrays.stream(out).sum();
                    }
                    return total;
                }));
            }
            for (int c = 0; c < 4; c++) {
                assertEquals(1000L * 465 * (c + 1), sums.get(c).get());
            }
        }
    }

    @Test
    void aTaskMayCallThePool() {
        try (WorkerPool pool = new WorkerPool(3)) {
            AtomicInteger sum = new AtomicInteger();
            pool.run(7, i -> pool.run(5, j -> sum.addAndGet(i * 5 + j)));
            assertEquals(34 * 35 / 2, sum.get());
        }
    }

    @Test
    void aClosedPoolWorksAlone() throws InterruptedException {
        WorkerPool pool = new WorkerPool(3);
        AtomicReference<String> names = new AtomicReference<>("");
        pool.close();
        String self = Thread.currentThread().getName();
        pool.run(5, i -> names.accumulateAndGet(Thread.currentThread().getName() + ";", String::concat));
        assertEquals((self + ";").repeat(5), names.get());
    }
}
