package ingot.runtime.kernel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Threads that share the tasks of one call at a time. Tasks are claimed one by one with compare-and-set, the caller claims
 * too, and it waits only for tasks that somebody has claimed: a worker whose processor was taken away delays a call by one
 * task at most, and a worker that has not woken up yet by nothing. Idle workers spin for some 30 µs, as the next product
 * usually follows at once, and then sleep.
 *
 * <p>One call runs at a time. A call that finds the pool at work — from another thread, or from inside a task — runs on
 * its own thread alone.
 */
public final class WorkerPool implements AutoCloseable {
    /** Pauses before a worker sleeps, or before a caller offers its processor to others. */
    private static final int SPINS = 1000;

    private static final IntConsumer NOTHING = task -> {};

    /**
     * Upper half: number of the call, so that a claim made for an earlier call fails. Lower half: tasks not claimed yet.
     */
    private final AtomicLong claims = new AtomicLong();

    /** Tasks of this call that are not done. */
    private final AtomicInteger unfinished = new AtomicInteger();

    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Worker[] workers;
    private volatile boolean closed;

    // Written by the caller before it publishes claims, read after a claim: while a claimed task runs they stay.
    private IntConsumer body = NOTHING;
    private int tasks;

    /** A pool of {@code threads} threads, the calling one included; the others are daemons. */
    public WorkerPool(int threads) {
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
        }
        for (Worker w : workers) {
            w.thread.start();
        }
    }

    /** Threads that work on a call, the calling one included. */
    public int threads() {
        return workers.length + 1;
    }

    /**
     * Runs {@code work} for 0 … count−1, each once, and returns when all are done.
     *
     * @throws RuntimeException or Error: the first that a task threw, after the tasks already begun have ended; tasks not
     *     yet begun are left out
     */
    public void run(int count, IntConsumer work) {
        if (count <= 1 || workers.length == 0 || closed || !busy.compareAndSet(false, true)) {
            for (int i = 0; i < count; i++) {
                work.accept(i);
            }
            return;
        }
        body = work;
        tasks = count;
        unfinished.set(count);
        long call = (claims.get() >>> 32) + 1;
        claims.set(call << 32 | count);
        for (int i = 0; i < Math.min(workers.length, count - 1); i++) {
            workers[i].wake();
        }
        while (claimAndRun()) {}
        int spins = 0;
        while (unfinished.get() != 0) {
            if (spins++ < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        body = NOTHING;
        Throwable thrown = failure.getAndSet(null);
        busy.set(false);
        if (thrown != null) {
            rethrow(thrown);
        }
    }

    /** Runs one task if one is left. */
    private boolean claimAndRun() {
        long seen = claims.get();
        int left = (int) seen;
        if (left == 0) {
            return false;
        }
        if (claims.compareAndSet(seen, seen - 1)) {
            try {
                if (failure.get() == null) {
                    body.accept(tasks - left);
                }
            } catch (Throwable t) {
                failure.compareAndSet(null, t);
            } finally {
                unfinished.decrementAndGet();
            }
        }
        return true;
    }

    private static void rethrow(Throwable thrown) {
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("a task threw a checked exception", thrown);
        }
    }

    /** Lets the workers end when they have nothing to do; does not wait for them. Later calls run on their own thread. */
    @Override
    public void close() {
        closed = true;
        for (Worker w : workers) {
            LockSupport.unpark(w.thread);
        }
    }

    private final class Worker {
        private final Thread thread;
        private volatile boolean asleep;

        Worker(int number) {
            thread = Thread.ofPlatform().daemon().name("ingot-worker-" + number).unstarted(this::loop);
        }

        void wake() {
            if (asleep) {
                LockSupport.unpark(thread);
            }
        }

        private void loop() {
            int spins = 0;
            while (!closed) {
                if (claimAndRun()) {
                    spins = 0;
                } else if (spins++ < SPINS) {
                    Thread.onSpinWait();
                } else {
                    // Said before looking again: either we see the new call, or its caller sees us asleep.
                    asleep = true;
                    if ((int) claims.get() == 0 && !closed) {
                        LockSupport.park(WorkerPool.this);
                    }
                    asleep = false;
                    spins = 0;
                }
            }
        }
    }
}
