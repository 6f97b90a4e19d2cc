package ingot.tests.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.cli.Console;
import ingot.cli.Main;
import ingot.formats.Progress;
import ingot.formats.gguf.GgufModel;
import ingot.formats.ingot.IngotFile;
import ingot.quant.ConvertOptions;
import ingot.quant.ConvertResult;
import ingot.quant.Converter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks that int4 or int8 hold as they are go into the .ingot file with their own codes and scales. */
final class GgufCarriedTest {
    @TempDir
    private Path folder;

    /** Codes and scales are kept; the weights that come back are those of the file, bit for bit. */
    @ParameterizedTest
    @CsvSource({
        "8, q8_0, q8_0, int8 g32",
        "2, q4_0, q4_0, int4 g32",
        "2, q4_0, int8, int8 g32",
        "6, q5_0, q5_0, int5 g32",
        "20, iq4_nl, iq4_nl, iq4 g32",
        "6, q5_0, int8, int8 g32",
        "20, iq4_nl, int8, int8 g32",
        "39, mxfp4, int8, int8 g32"
    })
    void codesAreCarriedOverLosslessly(int type, String name, String asked, String layout) throws IOException {
        int cols = 96;
        GgufWriter out = narrow(cols, type, 29);
        Path file = out.write(folder.resolve("x.gguf"));
        Path ingot = folder.resolve("x.ingot");
        ConvertResult result =
                new Converter(ConvertOptions.of(ConvertOptions.layout(asked))).convert(file, ingot, Progress.none());
        String gate = "model.layers.0.mlp.gate_proj.weight";
        var summary = result.tensors().stream()
                .filter(t -> t.name().equals(gate))
                .findFirst()
                .orElseThrow();
        assertEquals("carried over losslessly from " + name, summary.note());
        assertEquals(layout, summary.type());
        assertEquals(0, summary.nmse().orElseThrow());
        try (GgufModel model = GgufModel.open(file)) {
            float[] expected = Tiny.read(model, gate);
            assertArrayEquals(expected, stored(ingot, gate, cols));
        }
    }

    /** Powers of two beyond f16 are rounded, and said to be. */
    @Test
    void aScaleThatF16LacksIsNotCarried() throws IOException {
        GgufWriter out = narrow(96, 39, 29);
        byte[] data = RandomBlocks.of(39, 3 * Tiny.INNER, 29);
        data[17] = 103;
        out.replace("blk.0.ffn_gate.weight", 39, data, 96, Tiny.INNER);
        assertEquals("dequantized from mxfp4", convert(out, "int8").note());
    }

    /** Without a type asked for, matrices keep their own where that loses nothing. */
    @ParameterizedTest
    @CsvSource({"8, int8 g32", "2, int4 g32", "6, int8 g32"})
    void withoutATypeBlocksKeepTheirs(int type, String layout) throws IOException {
        Path file = narrow(96, type, 29).write(folder.resolve("x.gguf"));
        ConvertOptions options =
                ConvertOptions.of(ConvertOptions.layout("int8")).withSame(true);
        ConvertResult result = new Converter(options).convert(file, folder.resolve("x.ingot"), Progress.none());
        for (var t : result.tensors()) {
            if (t.note().startsWith("carried")) {
                assertEquals(layout, t.type(), t.name());
                assertEquals(0, t.nmse().orElseThrow(), t.name());
            }
        }
        assertEquals(
                7,
                result.tensors().stream()
                        .filter(t -> t.note().startsWith("carried"))
                        .count());
    }

    private ConvertResult.TensorResult convert(GgufWriter out, String type) throws IOException {
        return new Converter(ConvertOptions.of(ConvertOptions.layout(type)))
                        .convert(out.write(folder.resolve("x.gguf")), folder.resolve("x.ingot"), Progress.none())
                        .tensors()
                        .stream()
                        .filter(t -> t.name().contains("gate_proj"))
                        .findFirst()
                        .orElseThrow();
    }

    /** llama.cpp writes no −128, others may; it is a code like any other. */
    @Test
    void theLowestCodeIsCarried() throws IOException {
        GgufWriter out = narrow(96, 8, 29);
        byte[] data = RandomBlocks.of(8, 3 * Tiny.INNER, 29);
        data[2 + 40] = -128;
        out.replace("blk.0.ffn_gate.weight", 8, data, 96, Tiny.INNER);
        var gate = convert(out, "int8");
        assertTrue(gate.note().startsWith("carried over losslessly from q8_0"), gate::toString);
        assertEquals(0, gate.nmse().orElseThrow());
    }

    /** The table says of GGUF what it says of quantized folders. */
    @Test
    void theSummarySaysWhatWasCarriedOver() throws IOException {
        Path file = narrow(96, 2, 29).write(folder.resolve("x.gguf"));
        var out = new ByteArrayOutputStream();
        String[] args = {
            "convert", file.toString(), "-o", folder.resolve("x.ingot").toString(), "--type", "int4"
        };
        var in = new ByteArrayInputStream(new byte[0]);
        assertEquals(0, Main.run(args, Console.of(in, out, new ByteArrayOutputStream(), false)));
        String text = out.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("\n7 tensors carried over losslessly from q4_0\n"), text);
    }

    /** A Qwen2 of width 96 whose matrices with rows of 96 are in blocks of random codes. */
    private static GgufWriter narrow(int cols, int type, int seed) {
        GgufWriter out = Tiny.metadata(new GgufWriter(), cols / 3);
        blocks(out, "token_embd.weight", type, cols, 11, seed);
        String[] names = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up"};
        int[] rows = {cols, cols / 3, cols / 3, cols, Tiny.INNER, Tiny.INNER};
        for (int i = 0; i < names.length; i++) {
            blocks(out, "blk.0." + names[i] + ".weight", type, cols, rows[i], seed + i);
            if (i < 3) {
                out.tensor("blk.0." + names[i] + ".bias", 0, new byte[4 * rows[i]], rows[i]);
            }
        }
        out.tensor("blk.0.ffn_down.weight", 0, Tiny.bytes(Tiny.ramp(Tiny.INNER * cols)), Tiny.INNER, cols);
        for (String norm : new String[] {"blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"}) {
            out.tensor(norm + ".weight", 0, Tiny.bytes(Tiny.ramp(cols)), cols);
        }
        return out;
    }

    private static void blocks(GgufWriter out, String name, int type, int cols, int rows, int seed) {
        byte[] data = RandomBlocks.of(type, rows * cols / 32, seed);
        out.tensor(name, type, data, cols, rows);
    }

    private static float[] stored(Path ingot, String name, int cols) {
        try (IngotFile file = IngotFile.open(ingot);
                Arena arena = Arena.ofConfined()) {
            var tensor = file.tensor(name).orElseThrow();
            int rows = (int) tensor.shape().rows();
            float[] out = new float[rows * cols];
            var parts = file.parts(tensor, file.map(arena));
            for (int i = 0; i < rows; i++) {
                tensor.layout().decodeRow(rows, cols, parts, i, out, i * cols);
            }
            return out;
        }
    }
}
