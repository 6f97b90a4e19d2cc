package ingot.tests.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Numbers;
import ingot.formats.block.Grouped;
import ingot.formats.block.Grouping;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Part;
import ingot.quant.scheme.IntegerRtn;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.kernel.GroupRounding;
import ingot.runtime.kernel.PairSums;
import ingot.runtime.kernel.nativecode.Isa;
import ingot.tests.kernel.NativeMachine;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Round-to-nearest in machine code against the same in Java: every byte and the last digit of the error. */
final class GeneratedRtnTest {
    private static final int[][] SHAPES = {{1, 32}, {7, 96}, {16, 32}, {31, 64}, {33, 896}, {100, 192}, {1170, 1024}};

    private static final List<Grouped> LAYOUTS = List.of(
            new Int8(32),
            new Int8(Grouping.CHANNEL),
            new Int4(32),
            new Int4(64),
            new IntN(6, 32),
            new IntN(5, 96),
            new IntN(3, Grouping.CHANNEL));

    /** Stored as {@code type}; offers that only when asked to. */
    private record Stored(DType type, long rows, int cols, MemorySegment bytes, boolean offered)
            implements MatrixSource {
        @Override
        public String origin() {
            return "made: tensor 'w' @0";
        }

        @Override
        public void read(long first, int n, float[] out) {
            Numbers.toF32(type, bytes, first * cols * type.bytes(), out, 0, n * cols);
        }

        @Override
        public Optional<StoredRows> stored() {
            Stored all = this;
            return offered
                    ? Optional.of(new StoredRows() {
                        @Override
                        public DType type() {
                            return all.type;
                        }

                        @Override
                        public void read(long first, int n, MemorySegment out) {
                            long row = (long) all.cols * all.type.bytes();
                            out.copyFrom(all.bytes.asSlice(first * row, n * row));
                        }
                    })
                    : Optional.empty();
        }

        Stored offered(boolean now) {
            return new Stored(type, rows, cols, bytes, now);
        }
    }

    private record Encoded(byte[] codes, byte[] scales, double nmse) {}

    private static Encoded encode(Grouped layout, MatrixSource source) {
        List<ByteArrayOutputStream> parts = List.of(new ByteArrayOutputStream(), new ByteArrayOutputStream());
        double nmse = new IntegerRtn(layout)
                .encode(source, (part, bytes) -> parts.get(part).writeBytes(bytes.toArray(ValueLayout.JAVA_BYTE)));
        return new Encoded(parts.getFirst().toByteArray(), parts.getLast().toByteArray(), nmse);
    }

    /** Weights of a few magnitudes, many of them as large as the largest of their group, with either sign. */
    private static Stored random(DType type, int rows, int cols) {
        SplittableRandom random = new SplittableRandom(rows * 1000L + cols);
        MemorySegment bytes = Arena.ofAuto().allocate((long) rows * cols * type.bytes(), 64);
        for (int i = 0; i < rows * cols; i++) {
            float w = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-3, 1)));
            set(type, bytes, i, random.nextInt(10) == 0 ? Math.copySign(1.5f, w) : w);
        }
        return new Stored(type, rows, cols, bytes, true);
    }

    private static void set(DType type, MemorySegment bytes, int index, float w) {
        switch (type) {
            case F32 -> bytes.set(Numbers.LE_FLOAT, 4L * index, w);
            case F16 -> bytes.set(Numbers.LE_SHORT, 2L * index, Float.floatToFloat16(w));
            default -> bytes.set(Numbers.LE_SHORT, 2L * index, Numbers.f32ToBf16(w));
        }
    }

    private static void requireMachine() {
        assumeTrue(
                NativeMachine.isas().stream().anyMatch(isa -> isa == Isa.AVX512_VNNI || isa == Isa.AVX512),
                "NOT TESTED HERE: the processor lacks AVX-512");
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16", "F32"})
    void bytesAndErrorsAreThoseOfJava(DType type) {
        requireMachine();
        for (Grouped layout : LAYOUTS) {
            for (int[] shape : SHAPES) {
                same(layout, random(type, shape[0], shape[1]));
            }
        }
    }

    private static void same(Grouped layout, Stored source) {
        String what = layout.describe() + " " + source.type() + " " + source.rows() + " x " + source.cols();
        Encoded java = encode(layout, source.offered(false));
        Encoded generated = encode(layout, source);
        assertArrayEquals(java.codes(), generated.codes(), what);
        assertArrayEquals(java.scales(), generated.scales(), what);
        assertEquals(java.nmse(), generated.nmse(), what);
        assertTrue(java.nmse() > 0, what);
    }

    /** Blocks of zeros, of subnormal scales and of a mere fraction of them, between others. */
    @Test
    void whatTheCodeLeavesToJava() {
        requireMachine();
        for (Grouped layout : LAYOUTS) {
            for (float other : new float[] {0, -0f, 1e-4f, 1e-7f, 1e-38f, 6e-5f}) {
                Stored source = random(DType.F32, 64, 192);
                for (int i = 20 * 192; i < 21 * 192; i++) {
                    set(DType.F32, source.bytes(), i, i % 2 == 0 ? other : -other);
                }
                same(layout, source);
            }
        }
    }

    @Test
    void whatJavaRefuses() {
        requireMachine();
        Stored source = random(DType.F32, 64, 192);
        set(DType.F32, source.bytes(), 30 * 192, 1e30f);
        var e = assertThrows(IngotException.BadData.class, () -> encode(new Int8(32), source));
        assertTrue(e.getMessage().contains("beyond the ±65504"), e.getMessage());
    }

    /** So that the rest of this class compares with machine code, not Java with itself. */
    @Test
    void theCodeAnswersWhereItCan() {
        requireMachine();
        List<String> refused = new ArrayList<>();
        for (float odd : new float[] {1, 0, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            try (Arena arena = Arena.ofConfined();
                    GroupRounding rounding =
                            GroupRounding.generated(new Int4(32), DType.F32, 64).orElseThrow()) {
                MemorySegment weights = arena.allocate(16 * 64 * 4, 64);
                for (int i = 0; i < 16 * 64; i++) {
                    set(DType.F32, weights, i, i / 32 == 17 ? odd : 1);
                }
                List<Part> parts = new Int4(32).parts(16, 64);
                Optional<PairSums> sums = rounding.block(
                        weights,
                        arena.allocate(parts.getFirst().bytes()),
                        arena.allocate(parts.getLast().bytes()),
                        new PairSums(1, 0, 0, 0, 0));
                if (sums.isEmpty()) {
                    refused.add(Float.toString(odd));
                }
            }
        }
        assertEquals(List.of("0.0", "NaN", "Infinity", "-Infinity"), refused);
        assertTrue(GroupRounding.generated(new IntN(5, 96), DType.BF16, 192).isPresent());
        // Groups that are not whole, rows that end inside 32 columns, other types.
        assertFalse(GroupRounding.generated(new Int4(64), DType.BF16, 96).isPresent());
        assertFalse(GroupRounding.generated(new Int8(Grouping.CHANNEL), DType.BF16, 100)
                .isPresent());
        assertFalse(GroupRounding.generated(new Iq4(32), DType.BF16, 64).isPresent());
        assertFalse(GroupRounding.generated(new Int8(32), DType.I8, 64).isPresent());
    }
}
