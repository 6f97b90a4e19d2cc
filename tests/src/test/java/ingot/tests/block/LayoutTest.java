package ingot.tests.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.Shape;
import ingot.formats.block.Blocks;
import ingot.formats.block.Dense;
import ingot.formats.block.Grouped;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes against the layouts' written description, read here by indices into the tensors' shapes. */
class LayoutTest {
    private static final int[][] SHAPES = {
        {1, 1}, {1, 31}, {7, 33}, {16, 64}, {17, 100}, {31, 65}, {33, 7}, {100, 200}, {5, 896}
    };
    static final List<Layout> LAYOUTS = RandomMatrix.LAYOUTS;

    @ParameterizedTest
    @FieldSource("LAYOUTS")
    void rowsDecodeToTheCodesAndScalesThatWereEncoded(Layout layout) {
        for (int[] shape : SHAPES) {
            RandomMatrix m = RandomMatrix.of(layout, shape[0], shape[1], 1);
            float[] row = new float[m.cols() + 2];
            for (int r = 0; r < m.rows(); r++) {
                layout.decodeRow(m.rows(), m.cols(), m.parts(), r, row, 1);
                for (int k = 0; k < m.cols(); k++) {
                    assertEquals(expected(m, r, k), row[1 + k], 0.0f, layout + " row " + r + " column " + k);
                }
                assertEquals(0, row[0] + row[m.cols() + 1], "written outside of the row");
            }
        }
    }

    /** w from the codes and scales; products are exact in double, so the cast is the one rounding there is. */
    private static float expected(RandomMatrix m, int row, int col) {
        return switch (m.layout()) {
            case Dense d -> {
                MemorySegment bytes = m.parts().getFirst();
                long i = (long) row * m.cols() + col;
                yield switch (d.type()) {
                    case F32 -> bytes.get(Numbers.LE_FLOAT, 4 * i);
                    case F16 -> Float.float16ToFloat(bytes.get(Numbers.LE_SHORT, 2 * i));
                    default -> Float.intBitsToFloat(bytes.get(Numbers.LE_SHORT, 2 * i) << 16);
                };
            }
            case Nf4 n -> {
                double value = BitsAndBytes.NF4[m.codes()[row * m.cols() + col]];
                yield (float) (value * m.scales()[row * ((m.cols() + 63) / 64) + col / 64]);
            }
            case Iq4 i -> scaled(m, IQ4_NL[m.codes()[row * m.cols() + col]], i.group(), row, col);
            case Grouped g -> scaled(m, m.codes()[row * m.cols() + col], g.group(), row, col);
        };
    }

    /** llama.cpp, ggml-common.h: kvalues_iq4nl. */
    private static final int[] IQ4_NL = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    private static float scaled(RandomMatrix m, int value, int group, int row, int col) {
        int size = group == 0 ? (m.cols() + 31) / 32 * 32 : group;
        int groups = (m.cols() + size - 1) / size;
        return (float) ((double) value * m.scales()[row * groups + col / size]);
    }

    @ParameterizedTest
    @FieldSource("LAYOUTS")
    void bytesLieWhereTheShapesSay(Layout layout) {
        for (int[] shape : SHAPES) {
            RandomMatrix m = RandomMatrix.of(layout, shape[0], shape[1], 2);
            switch (layout) {
                case Dense d ->
                    assertEquals(
                            new Shape(m.rows(), m.cols()),
                            layout.parts(m.rows(), m.cols()).getFirst().shape());
                case Int8 i -> checkPlaces(m, 4, 128, 0);
                case Int4 i -> checkPlaces(m, 8, 8, 0);
                case Iq4 i -> checkPlaces(m, 8, 0, 8);
                case IntN(int bits, int group) -> checkPlanes(m, bits);
                case Nf4 n -> checkPlaces(m, 8, 0, 7);
            }
        }
    }

    /** Codes tensor U8 [R, groups, group/perWord, 16, 4] and scales tensor [R, groups, 16], padding included. */
    private static void checkPlaces(RandomMatrix m, int perWord, int bias, int padding) {
        List<Part> parts = m.layout().parts(m.rows(), m.cols());
        Shape codes = parts.get(0).shape();
        long groups = codes.dim(1);
        long words = codes.dim(2);
        assertEquals((m.rows() + 15) / 16, codes.dim(0));
        assertEquals(16, codes.dim(3));
        assertEquals(4, codes.dim(4));
        assertEquals(new Shape(codes.dim(0), groups, 16), parts.get(1).shape());
        for (int row = 0; row < codes.dim(0) * 16; row++) {
            for (int col = 0; col < groups * words * perWord; col++) {
                long g = col / (words * perWord);
                long j = col % (words * perWord) / perWord;
                int inWord = col % perWord;
                long at = ((((row / 16) * groups + g) * words + j) * 16 + row % 16) * 4 + inWord % 4;
                int stored = m.parts().getFirst().get(ValueLayout.JAVA_BYTE, at) & 0xFF;
                if (perWord == 8) {
                    stored = inWord < 4 ? stored & 15 : stored >> 4;
                }
                boolean real = row < m.rows() && col < m.cols();
                int code = real ? m.codes()[row * m.cols() + col] : padding;
                assertEquals(code + bias, stored, m.layout() + " row " + row + " column " + col);
            }
        }
    }

    /**
     * Codes tensor U8 [R, groups, group/32, bits, 16, 4]: bit by bit, where docs/format.md puts it. The tables name, for
     * every bit of a code from the lowest on, the width of its plane, the plane's first line and the bit's place in it.
     */
    private static void checkPlanes(RandomMatrix m, int bits) {
        int[][] places = switch (bits) {
            case 3 -> new int[][] {{2, 0, 0}, {2, 0, 1}, {1, 2, 0}};
            case 5 -> new int[][] {{4, 0, 0}, {4, 0, 1}, {4, 0, 2}, {4, 0, 3}, {1, 4, 0}};
            default -> new int[][] {{4, 0, 0}, {4, 0, 1}, {4, 0, 2}, {4, 0, 3}, {2, 4, 0}, {2, 4, 1}};
        };
        List<Part> parts = m.layout().parts(m.rows(), m.cols());
        Shape codes = parts.get(0).shape();
        long groups = codes.dim(1);
        long units = codes.dim(2);
        assertEquals(6, codes.rank());
        assertEquals((m.rows() + 15) / 16, codes.dim(0));
        assertEquals(bits, codes.dim(3));
        assertEquals(16, codes.dim(4));
        assertEquals(4, codes.dim(5));
        assertEquals(new Shape(codes.dim(0), groups, 16), parts.get(1).shape());
        for (int row = 0; row < codes.dim(0) * 16; row++) {
            for (int col = 0; col < groups * units * 32; col++) {
                long unit = (row / 16) * groups * units + col / 32;
                int stored = 0;
                for (int bit = 0; bit < bits; bit++) {
                    int width = places[bit][0];
                    int line = places[bit][1] + col % 32 / (32 / width);
                    int field = col % (32 / width) / 4;
                    long at = ((unit * bits + line) * 16 + row % 16) * 4 + col % 4;
                    int b = m.parts().getFirst().get(ValueLayout.JAVA_BYTE, at) & 0xFF;
                    stored |= (b >> width * field + places[bit][2] & 1) << bit;
                }
                boolean real = row < m.rows() && col < m.cols();
                int code = real ? m.codes()[row * m.cols() + col] : 0;
                assertEquals(code + (1 << bits - 1), stored, m.layout() + " row " + row + " column " + col);
            }
        }
    }

    @Test
    void blocksOfSixteenRowsAreIndependent() {
        Int4 layout = new Int4(32);
        RandomMatrix whole = RandomMatrix.of(layout, 40, 100, 3);
        List<MemorySegment> out = new ArrayList<>();
        layout.parts(24, 100).forEach(p -> out.add(MemorySegment.ofArray(new byte[(int) p.bytes()])));
        byte[] codes = java.util.Arrays.copyOfRange(whole.codes(), 16 * 100, 40 * 100);
        short[] scales = new short[24 * 4];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Float.floatToFloat16(whole.scales()[16 * 4 + i]);
        }
        layout.encode(24, 100, codes, scales, out);
        for (int p = 0; p < 2; p++) {
            long from = layout.parts(16, 100).get(p).bytes();
            assertEquals(-1, whole.parts().get(p).asSlice(from).mismatch(out.get(p)));
        }
    }

    @Test
    void bitsCountScalesAndPadding() {
        assertEquals(4.5, new Int4(32).bits(896, 4864));
        assertEquals(8.5, new Int8(32).bits(896, 4864));
        assertEquals(3.5, new IntN(3, 32).bits(896, 4864));
        assertEquals(5.25, new IntN(5, 64).bits(896, 4864));
        assertEquals(6.125, new IntN(6, 128).bits(896, 4864));
        assertEquals(4.5, new Iq4(32).bits(896, 4864));
        assertEquals(4.5, new Nf4(false).bits(896, 4864));
        // 4 + 8/64 + 32/(64*256) and one offset
        assertEquals(4 + 0.125 + 32.0 / 16384 + 32.0 / (1024 * 4096), new Nf4(true).bits(1024, 4096), 1e-12);
        assertEquals(16, new Dense(DType.BF16).bits(7, 31));
        // one 16 x 32 block for a single weight
        assertEquals(16 * 32 * 4 + 16 * 16, new Int4(32).bits(1, 1));
        assertEquals(8 + 16.0 / 896, new Int8(0).bits(896, 896), 1e-12);
    }

    @Test
    void hugeMatricesHaveLongOffsets() {
        // 151,936 x 40,000 weights: more than 2^31 bytes of codes.
        Layout layout = new Int4(32);
        assertEquals(
                151_936L * 40_000 / 2, layout.parts(151_936, 40_000).getFirst().bytes());
        Blocks blocks = Blocks.of(151_936, 40_000, 32);
        assertEquals(151_936L * 40_000 / 2 - 64 + 60, blocks.wordAt(151_935, 39_999, 8));
        assertEquals(151_936L * 1250 - 1, blocks.scaleAt(151_935, 1249));
    }

    @ParameterizedTest
    @FieldSource("LAYOUTS")
    void manifestSpellingRoundTrips(Layout layout) {
        assertEquals(layout, Layout.parse(layout.toJson(), Path.of("m.ingot"), "w"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"type\":4}",
                "{\"type\":\"int2\",\"group\":32}",
                "{\"type\":\"int7\",\"group\":32}",
                "{\"type\":\"int16\",\"group\":32}",
                "{\"type\":\"int5\"}",
                "{\"type\":\"int6\",\"group\":48}",
                "{\"type\":\"int3\",\"group\":32,\"bits\":4}",
                "{\"type\":\"iq4\"}",
                "{\"type\":\"iq4\",\"group\":\"block\"}",
                "{\"type\":\"iq4\",\"group\":32,\"table\":[]}",
                "{\"type\":\"int4\"}",
                "{\"type\":\"int4\",\"group\":0}",
                "{\"type\":\"int4\",\"group\":33}",
                "{\"type\":\"int4\",\"group\":-32}",
                "{\"type\":\"int4\",\"group\":4294967328}",
                "{\"type\":\"int4\",\"group\":32.5}",
                "{\"type\":\"int4\",\"group\":\"row\"}",
                "{\"type\":\"int4\",\"group\":131072}",
                "{\"type\":\"int4\",\"group\":32,\"zero\":1}",
                "{\"type\":\"nf4\",\"group\":64}",
                "{\"type\":\"nf4\",\"double_quant\":1}",
                "{\"type\":\"f64\"}"
            })
    void unknownSpellingsAreRefused(String json) {
        var node = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), Path.of("m.json"), JsonBound.INPUT);
        var e = assertThrows(
                IngotException.BadData.class, () -> Layout.parse(node, Path.of("m.ingot"), "blk.0.w"), json);
        assertTrue(e.getMessage().startsWith("m.ingot: tensor 'blk.0.w': layout: "), e.getMessage());
    }

    @Test
    void impossibleShapesAreRefused() {
        for (Layout layout : LAYOUTS) {
            assertThrows(IngotException.BadData.class, () -> layout.parts(Long.MAX_VALUE, 1L << 40));
            assertThrows(IngotException.BadData.class, () -> layout.parts(-1, 32));
        }
        assertThrows(IngotException.BadData.class, () -> new Int4(32).parts(0, 32));
        assertThrows(IngotException.BadData.class, () -> new Nf4(true).parts(32, 0));
    }

    @Test
    void codesOutOfRangeAreRefused() {
        refused(new Int8(32)); // a byte is a code
        refused(new Int4(32), 8, -9);
        refused(new IntN(3, 32), 4, -5);
        refused(new IntN(5, 32), 16, -17);
        refused(new IntN(6, 32), 32, -33);
        refused(new Iq4(32), -1, 16);
        assertThrows(IllegalArgumentException.class, () -> new IntN(7, 32));
        assertThrows(IllegalArgumentException.class, () -> new IntN(5, 33));
    }

    private static void refused(Grouped layout, int... codes) {
        List<MemorySegment> out = new ArrayList<>();
        layout.parts(1, 1).forEach(p -> out.add(MemorySegment.ofArray(new byte[(int) p.bytes()])));
        short[] scale = {0};
        for (int code : codes) {
            byte[] one = {(byte) code};
            assertThrows(IllegalArgumentException.class, () -> layout.encode(1, 1, one, scale, out));
        }
        assertThrows(IllegalArgumentException.class, () -> layout.encode(1, 1, new byte[] {1, 1}, scale, out));
        assertThrows(IllegalArgumentException.class, () -> layout.encode(1, 1, new byte[] {1}, new short[2], out));
    }
}
