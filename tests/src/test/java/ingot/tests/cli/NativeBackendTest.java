package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.kernel.nativecode.NativeSupport;
import ingot.tests.cli.ChildCommand.Outcome;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which backend computes, in JVMs that may call machine code and that may not. */
final class NativeBackendTest {
    private static final Path CHECKPOINT =
            Path.of(System.getProperty("ingot.root"), "golden-outputs", "checkpoints", "qwen2-tied-f32");
    private static final List<String> FORBIDDEN = List.of("--illegal-native-access=deny");
    private static final List<String> ALLOWED = List.of("--enable-native-access=ALL-UNNAMED");

    /** Codes of four bits, so that generated kernels run. */
    @TempDir
    private static Path folder;

    @BeforeAll
    static void convert() {
        new Converter(ConvertOptions.of(new Int4(32))).convert(CHECKPOINT, model(), Progress.none());
    }

    private static Path model() {
        return folder.resolve("model.ingot");
    }

    private static Outcome bench(List<String> jvm, String backend) throws Exception {
        return ChildCommand.run(
                jvm, "bench", model().toString(), "-p", "3", "-n", "2", "-r", "1", "--json", "--backend", backend);
    }

    @Test
    void askedForItSaysWhyNot() throws Exception {
        Outcome o = bench(FORBIDDEN, "native");
        assertEquals(64, o.exit());
        assertTrue(o.err().contains("no native backend: the JVM needs --enable-native-access=ALL-UNNAMED"), o.err());
        assertEquals(1, o.err().lines().filter(l -> l.startsWith("ingot: ")).count(), o.err());
    }

    @Test
    void askedForItRunsWhereItIsAllowed() throws Exception {
        Outcome o = bench(ALLOWED, "native");
        boolean here = NativeSupport.probe() instanceof NativeSupport.Ready;
        assertEquals(here ? 0 : 64, o.exit(), o.err());
        assertTrue((here ? o.out() : o.err()).contains(here ? "\"native-" : "no native backend"), o.out() + o.err());
    }

    @Test
    void autoTakesItWhereItIs() throws Exception {
        Outcome o = bench(ALLOWED, "auto");
        boolean here = NativeSupport.probe() instanceof NativeSupport.Ready;
        assertEquals(0, o.exit(), o.err());
        assertTrue(o.out().contains(here ? "\"native-" : "\"vector-"), o.out());
        assertFalse(o.err().contains("no native backend"), o.err());
    }

    @Test
    void autoSaysInOneLineWhyItIsNotAllowed() throws Exception {
        Outcome o = bench(FORBIDDEN, "auto");
        assertEquals(0, o.exit(), o.err());
        assertTrue(o.out().contains("\"vector-"), o.out());
        // Without leave to run code the processor cannot be asked, so the line comes wherever the system is the right
        // one.
        boolean system = System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
        assertEquals(
                system ? 1 : 0,
                o.err().lines().filter(l -> l.contains("no native backend")).count(),
                o.err());
    }
}
