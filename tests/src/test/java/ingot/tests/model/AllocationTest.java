package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.kernel.Backend;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The token loop works in buffers it has: what it allocates is smaller than the smallest of them. */
final class AllocationTest {
    /**
     * Bytes per layer and token that bookkeeping may take (tasks, iterators). The keys of one token, the smallest of a layer's
     * eight buffers, have just as many.
     */
    private static final long PER_LAYER = 512;

    @ParameterizedTest
    @ValueSource(strings = {"models/qwen3-6m-gutenberg", "checkpoints/qwen3_5-a"})
    void decodingAllocatesNoBuffers(String name) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var options = ModelOptions.defaults().withBackend(Backend.SCALAR).withThreads(1);
        try (Model model = Model.open(Golden.folder(name), options);
                Session session = model.newSession()) {
            session.forward(new int[70]);
            session.forward(1);
            long before = threads.getCurrentThreadAllocatedBytes();
            int tokens = 50;
            for (int i = 0; i < tokens; i++) {
                session.forward(i);
            }
            long perToken = (threads.getCurrentThreadAllocatedBytes() - before) / tokens;
            long bound = PER_LAYER * model.info().layers();
            assertTrue(perToken <= bound, perToken + " bytes per token; at most " + bound);
        }
    }
}
