package ingot.tests.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Shape;
import ingot.formats.block.Int4;
import ingot.formats.block.Int8;
import ingot.formats.block.IntN;
import ingot.formats.block.Iq4;
import ingot.formats.block.Nf4;
import ingot.formats.ingot.IngotWriter;
import ingot.formats.ingot.Manifest;
import ingot.formats.ingot.StoredTensor;
import ingot.formats.json.Json;
import ingot.quant.scheme.IntegerRtn;
import ingot.quant.scheme.MatrixSource;
import ingot.quant.scheme.Nf4Rtn;
import ingot.quant.scheme.Scheme;
import ingot.quant.scheme.TableRtn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Round-to-nearest on shapes that nothing divides, written to a file and read back by the stranger. */
final class SchemeShapesTest {
    private static final int[][] SHAPES = {
        {1, 1}, {1, 31}, {7, 1}, {7, 33}, {15, 64}, {16, 100}, {17, 32}, {31, 7}, {33, 896}, {100, 65}, {3, 1000}
    };

    @TempDir
    Path temp;

    private record Weights(String name, long rows, int cols, float[] values) implements MatrixSource {
        @Override
        public String origin() {
            return name;
        }

        @Override
        public void read(long first, int n, float[] out) {
            System.arraycopy(values, Math.toIntExact(first * cols), out, 0, n * cols);
        }
    }

    /** Normal weights of a few magnitudes, with exact zeros and an outlier in some groups. */
    private static Weights random(int rows, int cols) {
        SplittableRandom random = new SplittableRandom(rows * 1000L + cols);
        float[] w = new float[rows * cols];
        for (int i = 0; i < w.length; i++) {
            double scale = Math.pow(10, random.nextInt(-3, 2));
            w[i] = random.nextInt(10) == 0 ? 0 : (float) (scale * random.nextGaussian());
        }
        return new Weights("w" + rows + "x" + cols, rows, cols, w);
    }

    /** Encodes the matrices into one file and decodes them from its bytes. */
    private List<float[]> throughAFile(Scheme scheme, List<Weights> matrices) throws IOException {
        List<StoredTensor> plan = matrices.stream()
                .map(m -> StoredTensor.of(m.name(), new Shape(m.rows(), m.cols()), scheme.layout()))
                .toList();
        Manifest manifest =
                new Manifest("test", Json.object(), Optional.empty(), false, plan, List.of(), Json.object());
        Path out = temp.resolve("shapes.ingot");
        try (IngotWriter writer = IngotWriter.create(out, true, manifest, List.of())) {
            for (int i = 0; i < plan.size(); i++) {
                List<String> parts = plan.get(i).parts();
                double nmse = scheme.encode(
                        matrices.get(i),
                        (part, bytes) -> writer.sink(parts.get(part)).write(bytes.asByteBuffer()));
                assertTrue(nmse >= 0, matrices.get(i).name() + " " + nmse);
            }
            writer.commit(plan, List.of());
        }
        StrangerReader stranger = new StrangerReader(out);
        List<float[]> decoded = new ArrayList<>();
        stranger.weights.values().forEach(w -> decoded.add(stranger.values(w)));
        return decoded;
    }

    private static List<Weights> allShapes() {
        List<Weights> all = new ArrayList<>();
        for (int[] shape : SHAPES) {
            all.add(random(shape[0], shape[1]));
        }
        return all;
    }

    private void everyWeightIsWithinHalfAStep(Scheme scheme, int group, double levels) throws IOException {
        List<Weights> matrices = allShapes();
        List<float[]> decoded = throughAFile(scheme, matrices);
        for (int m = 0; m < matrices.size(); m++) {
            Weights w = matrices.get(m);
            int size = group == 0 ? w.cols() : group;
            for (int row = 0; row < w.rows(); row++) {
                for (int from = 0; from < w.cols(); from += size) {
                    int to = Math.min(from + size, w.cols());
                    double max = 0;
                    for (int k = from; k < to; k++) {
                        max = Math.max(max, Math.abs(w.values()[row * w.cols() + k]));
                    }
                    // The scale is rounded to f16: by 2^-11 of itself, or, where f16 is subnormal, up by at most 2^-24.
                    double exact = max / levels;
                    double step = max == 0 ? 0 : exact < 0x1p-14 ? exact + 0x1p-24 : exact * (1 + 0x1p-11);
                    for (int k = from; k < to; k++) {
                        double x = w.values()[row * w.cols() + k];
                        double y = decoded.get(m)[row * w.cols() + k];
                        // Only int8 has a code for the extreme's mirror image: one step there, half a step elsewhere.
                        boolean mirror = levels != 127 && Math.abs(x) > (levels - 0.5) * max / levels * (1 - 0x1p-10);
                        assertEquals(x, y, step * (mirror ? 1 : 0.5) * (1 + 1e-6), w.name() + " " + row + "," + k);
                        if (max == 0) {
                            assertEquals(0, y);
                        }
                    }
                }
            }
        }
    }

    @Test
    void int8Groups() throws IOException {
        everyWeightIsWithinHalfAStep(new IntegerRtn(new Int8(32)), 32, 127);
        everyWeightIsWithinHalfAStep(new IntegerRtn(new Int8(0)), 0, 127);
    }

    @Test
    void int4Groups() throws IOException {
        everyWeightIsWithinHalfAStep(new IntegerRtn(new Int4(32)), 32, 8);
        everyWeightIsWithinHalfAStep(new IntegerRtn(new Int4(64)), 64, 8);
        everyWeightIsWithinHalfAStep(new IntegerRtn(new Int4(128)), 128, 8);
        everyWeightIsWithinHalfAStep(new IntegerRtn(new Int4(0)), 0, 8);
    }

    @Test
    void otherIntegers() throws IOException {
        everyWeightIsWithinHalfAStep(new IntegerRtn(new IntN(3, 32)), 32, 4);
        everyWeightIsWithinHalfAStep(new IntegerRtn(new IntN(5, 64)), 64, 16);
        everyWeightIsWithinHalfAStep(new IntegerRtn(new IntN(6, 0)), 0, 32);
    }

    /** No group may be worse than with the scale that stores the extreme as −127 exactly, but for rounding to f16. */
    @Test
    void iq4FitsItsScales() throws IOException {
        int[] table = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
        List<Weights> matrices = allShapes();
        List<float[]> decoded = throughAFile(new TableRtn(new Iq4(32)), matrices);
        for (int m = 0; m < matrices.size(); m++) {
            Weights w = matrices.get(m);
            for (int row = 0; row < w.rows(); row++) {
                for (int from = 0; from < w.cols(); from += 32) {
                    int at = row * w.cols() + from;
                    int n = Math.min(32, w.cols() - from);
                    iq4Group(w.values(), decoded.get(m), at, n, table, w.name() + " " + row + "," + from);
                }
            }
        }
    }

    private static void iq4Group(float[] x, float[] y, int at, int n, int[] table, String name) {
        int largest = at;
        for (int i = at; i < at + n; i++) {
            largest = Math.abs(x[i]) > Math.abs(x[largest]) ? i : largest;
        }
        if (x[largest] == 0) {
            for (int i = at; i < at + n; i++) {
                assertEquals(0, y[i], name);
            }
            return;
        }
        // f16 rounds a scale by 2^-11 of itself, a subnormal one by up to 2^-24: this much of a value of the table.
        double rounded = Math.abs(x[largest]) * 0x1p-11 + 127 * 0x1p-24;
        assertEquals(x[largest], y[largest], 0.12 * Math.abs(x[largest]) + rounded, name);
        double naive = 0;
        double error = 0;
        double slack = 0;
        double scale = x[largest] / -127.0;
        for (int i = at; i < at + n; i++) {
            double nearest = Double.MAX_VALUE;
            for (int v : table) {
                nearest = Math.min(nearest, Math.pow(x[i] - v * scale, 2));
            }
            naive += x[i] * x[i] * nearest;
            error += x[i] * x[i] * Math.pow(x[i] - y[i], 2);
            slack += x[i] * x[i] * rounded * rounded;
        }
        // One candidate is the naive scale; (e + d)² ≤ 1.05·e² + 21·d².
        assertTrue(error <= naive * 1.05 + 21 * slack, name + " " + error + " " + naive);
    }

    /** dQuantizeNF4 of bitsandbytes (csrc/kernels.cu): a decision tree over these thresholds, strictly greater goes up. */
    private static final double[] THRESHOLDS = {
        -0.8480964004993439,
        -0.6106329262256622,
        -0.4599952697753906,
        -0.33967943489551544,
        -0.23460740596055984,
        -0.13791173323988914,
        -0.045525018125772476,
        0.03979014977812767,
        0.1202552504837513,
        0.2035212516784668,
        0.2920137718319893,
        0.3893125355243683,
        0.5016634166240692,
        0.6427869200706482,
        0.8614784181118011
    };

    private static final float[] VALUES = Nf4.values();

    @Test
    void nf4ChoosesWhatBitsAndBytesChooses() throws IOException {
        List<Weights> matrices = allShapes();
        List<float[]> decoded = throughAFile(new Nf4Rtn(new Nf4(false)), matrices);
        for (int m = 0; m < matrices.size(); m++) {
            Weights w = matrices.get(m);
            for (int i = 0; i < w.values().length; i++) {
                int from = i / w.cols() * w.cols() + i % w.cols() / 64 * 64;
                int to = Math.min(from + 64, (i / w.cols() + 1) * w.cols());
                float absmax = 0;
                for (int k = from; k < to; k++) {
                    absmax = Math.max(absmax, Math.abs(w.values()[k]));
                }
                float x = w.values()[i] * (1 / absmax);
                int code = 0;
                for (double threshold : THRESHOLDS) {
                    code += x > (float) threshold ? 1 : 0;
                }
                float expected = absmax == 0 ? 0 : VALUES[code] * absmax;
                assertEquals(expected, decoded.get(m)[i], w.name() + " " + i);
            }
        }
    }

    @Test
    void doubleQuantizedNf4StaysNearPlainNf4() throws IOException {
        List<Weights> matrices = allShapes();
        List<float[]> plain = throughAFile(new Nf4Rtn(new Nf4(false)), matrices);
        List<float[]> nested = throughAFile(new Nf4Rtn(new Nf4(true)), matrices);
        for (int m = 0; m < matrices.size(); m++) {
            float largest = 0;
            for (float v : matrices.get(m).values()) {
                largest = Math.max(largest, Math.abs(v));
            }
            // Neighbouring values of the dynamic map are at most 0.0143 of the block's largest deviation apart.
            assertArrayEquals(
                    plain.get(m),
                    nested.get(m),
                    0.0144f * largest,
                    matrices.get(m).name());
        }
    }

    @Test
    void aSubnormalScaleNeverClips() throws IOException {
        float[] tiny = new float[64];
        for (int i = 0; i < tiny.length; i++) {
            tiny[i] = (i - 32) * 3e-9f;
        }
        Weights w = new Weights("tiny", 1, 64, tiny);
        float[] int8 = throughAFile(new IntegerRtn(new Int8(64)), List.of(w)).getFirst();
        // The smallest f16 is 2^-24: with it as the scale every weight is within half of it.
        assertArrayEquals(tiny, int8, 0x1p-25f);
    }
}
