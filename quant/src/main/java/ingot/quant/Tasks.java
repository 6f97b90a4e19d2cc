package ingot.quant;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** Runs independent pieces of work on a fixed number of threads, the largest first. */
final class Tasks {
    private Tasks() {}

    /** @param size orders the tasks; any unit */
    record Task(long size, Runnable work) {}

    /**
     * Returns when all are done. When some fail, the rest is not begun, and the failure of the first in the given order is
     * thrown, so that the message does not depend on timing more than it must.
     */
    static void run(List<Task> tasks, int threads) {
        AtomicBoolean failed = new AtomicBoolean();
        List<Future<?>> results = new ArrayList<>();
        try (var pool = Executors.newFixedThreadPool(
                Math.max(1, threads),
                Thread.ofPlatform().daemon().name("convert-", 0).factory())) {
            Future<?>[] byOrder = new Future<?>[tasks.size()];
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < tasks.size(); i++) {
                order.add(i);
            }
            order.sort(Comparator.comparingLong((Integer i) -> -tasks.get(i).size()));
            for (int i : order) {
                Runnable work = tasks.get(i).work();
                byOrder[i] = pool.submit(() -> {
                    if (failed.get()) {
                        throw new CancellationException();
                    }
                    try {
                        work.run();
                    } catch (RuntimeException | Error e) {
                        failed.set(true);
                        throw e;
                    }
                });
            }
            results.addAll(List.of(byOrder));
        }
        for (Future<?> result : results) {
            rethrow(result);
        }
    }

    private static void rethrow(Future<?> result) {
        try {
            result.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case CancellationException skipped -> {}
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
