package ingot.tests.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.formats.Progress;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.quant.ConvertOptions;
import ingot.quant.Converter;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.tests.kernel.NativeMachine;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole quantized models on generated code, against the f32 arithmetic of the vector backend on the same file. */
final class NativeModelTest {
    private static final String TRAINED = "models/qwen3-6m-gutenberg";
    private static final String MOE = "checkpoints/qwen3_moe-a";

    @TempDir
    Path temporary;

    @BeforeEach
    void needsTheProcessor() {
        NativeMachine.isas();
    }

    static Stream<Arguments> conversions() {
        return Stream.of(TRAINED, MOE)
                .flatMap(name ->
                        Stream.of(new Int4(32), new Int8(32), new Iq4(32)).map(layout -> Arguments.of(name, layout)));
    }

    private Path convert(String name, Layout layout) {
        Path file = temporary.resolve("model.ingot");
        new Converter(ConvertOptions.of(layout)).convert(Golden.folder(name), file, Progress.none());
        return file;
    }

    private static Model open(Path file, Backend backend, int threads) {
        return Model.open(file, ModelOptions.defaults().withBackend(backend).withThreads(threads));
    }

    /** Measured: 3.4e-12 to 5.2e-12 in the trained model, 1.3e-11 to 1.7e-11 with experts of random weights. */
    @ParameterizedTest
    @MethodSource("conversions")
    void staysNearF32Arithmetic(String name, Layout layout) {
        Path file = convert(name, layout);
        double worst = 0;
        try (Model wide = open(file, Backend.VECTOR, 2);
                Model narrow = open(file, Backend.NATIVE, 2)) {
            assertTrue(
                    narrow.info().backend().startsWith("native-"), narrow.info().backend());
            for (Golden.Prompt prompt : Golden.read(name)) {
                float[] expected = Runs.logits(wide, prompt.ids());
                worst = Math.max(worst, Golden.nmse(Runs.logits(narrow, prompt.ids()), expected));
                worst = Math.max(worst, Golden.nmse(Runs.logitsInPieces(narrow, prompt.ids(), 1), expected));
                int[] start = Arrays.copyOf(prompt.ids(), Math.min(prompt.ids().length, 8));
                assertArrayEquals(
                        Runs.greedyCached(wide, start, 16), Runs.greedyCached(narrow, start, 16), name + " " + layout);
            }
        }
        String where = name + " " + layout + ": NMSE " + worst;
        assertTrue(worst <= 1e-10, where);
        assertTrue(worst > 1e-14, where + ": as if no generated kernel had run");
    }

    /** Activations of 8 bits are what they say: far from f32, and near enough for the same most likely tokens to follow. */
    @Test
    void eightBitActivationsStayUseful() {
        assumeTrue(NativeMachine.isas().contains(Isa.AVX512_VNNI), "NOT TESTED HERE: the processor lacks AVX-512 VNNI");
        Path file = convert(TRAINED, new Int8(32));
        double worst = 0;
        try (Model wide = open(file, Backend.VECTOR, 2);
                Model narrow = open(file, Backend.NATIVE_INT8, 2)) {
            for (Golden.Prompt prompt : Golden.read(TRAINED)) {
                float[] expected = Runs.logits(wide, prompt.ids());
                float[] together = Runs.logits(narrow, prompt.ids());
                worst = Math.max(worst, Golden.nmse(together, expected));
                assertArrayEquals(together, Runs.logitsInPieces(narrow, prompt.ids(), 1), 0, "one token and many");
            }
        }
        assertTrue(worst < 2e-3 && worst > 1e-6, "NMSE " + worst);
    }

    /**
     * The native backend sums one token and many in the same order. The router of the mixture of experts is f32, which the
     * vector backend multiplies: there a token alone has other bits, though the same with any number of threads.
     */
    @ParameterizedTest
    @MethodSource("conversions")
    void threadsAndPiecesChangeNoBit(String name, Layout layout) {
        Path file = convert(name, layout);
        int[] ids = Golden.read(name).getLast().ids();
        float[] together = {};
        float[] alone = {};
        for (int threads : List.of(1, 2, 5)) {
            try (Model model = open(file, Backend.NATIVE, threads)) {
                float[] whole = Runs.logits(model, ids);
                float[] single = Runs.logitsInPieces(model, ids, 1);
                if (together.length == 0) {
                    together = whole;
                    boolean everyProduct = NativeMachine.isas().contains(Isa.AVX512_VNNI);
                    alone = name.equals(TRAINED) && everyProduct ? whole : single;
                }
                String where = name + " " + layout + " threads " + threads;
                assertArrayEquals(together, whole, 0, where);
                assertArrayEquals(alone, single, 0, where + ", token by token");
                int half = (ids.length + 1) / 2;
                assertArrayEquals(together, Runs.logitsInPieces(model, ids, half), 0, where + ", two pieces");
            }
        }
    }
}
