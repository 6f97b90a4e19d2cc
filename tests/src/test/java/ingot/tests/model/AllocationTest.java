package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.Session;
import ingot.runtime.kernel.Backend;
import ingot.tests.kernel.NativeMachine;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

    /** Compiled code leaves some 100 bytes per token; code that is still interpreted makes small objects. */
    @Test
    void decodingOnGeneratedCodeAllocatesNoBuffers(@TempDir Path folder) {
        NativeMachine.isas();
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Path file = folder.resolve("model.ingot");
        new Converter(ConvertOptions.of(new Int4(32)))
                .convert(Golden.folder("checkpoints/qwen3-tied-bf16"), file, Progress.none());
        var options = ModelOptions.defaults().withBackend(Backend.NATIVE).withThreads(1);
        try (Model model = Model.open(file, options);
                Session session = model.newSession()) {
            int tokens = 200;
            int[] token = new int[1];
            long perToken = Long.MAX_VALUE;
            for (int round = 0; round < 60 && perToken > 4096; round++) {
                session.truncate(0);
                session.forward(new int[32]);
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < tokens; i++) {
                    token[0] = i;
                    session.forward(token);
                }
                perToken = (threads.getCurrentThreadAllocatedBytes() - before) / tokens;
            }
            assertTrue(perToken <= 4096, perToken + " bytes per token");
        }
    }
}
