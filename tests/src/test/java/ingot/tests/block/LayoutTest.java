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
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.Layout;
import ingot.formats.block.Nf4;
import ingot.formats.block.Part;
import ingot.formats.json.Json;
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
            case Int8 i -> integer(m, i.group(), row, col);
            case Int4 i -> integer(m, i.group(), row, col);
        };
    }

    private static float integer(RandomMatrix m, int group, int row, int col) {
        int size = group == 0 ? (m.cols() + 31) / 32 * 32 : group;
        int groups = (m.cols() + size - 1) / size;
        return (float) ((double) m.codes()[row * m.cols() + col] * m.scales()[row * groups + col / size]);
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
                "{\"type\":\"int5\",\"group\":32}",
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
        var node = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), Path.of("m.json"));
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
        List<MemorySegment> out = new ArrayList<>();
        new Int8(32).parts(1, 1).forEach(p -> out.add(MemorySegment.ofArray(new byte[(int) p.bytes()])));
        short[] scale = {0};
        assertThrows(IllegalArgumentException.class, () -> new Int8(32).encode(1, 1, new byte[] {-128}, scale, out));
        assertThrows(IllegalArgumentException.class, () -> new Int4(32).encode(1, 1, new byte[] {8}, scale, out));
        assertThrows(IllegalArgumentException.class, () -> new Int4(32).encode(1, 1, new byte[] {-9}, scale, out));
        assertThrows(IllegalArgumentException.class, () -> new Int4(32).encode(1, 1, new byte[] {0, 0}, scale, out));
    }
}
