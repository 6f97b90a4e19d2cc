package ingot.quant.transform;

import ingot.formats.IngotException;
import ingot.quant.scheme.MatrixSource;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * T = H·S: random signs S, then a Hadamard matrix in each block of channels, the largest power of two that divides their
 * number: every channel becomes a sum of all in its block with equal weights, which spreads what stands out.
 *
 * @param signs 1 or −1 for each channel
 * @param block size of the blocks
 */
@SuppressWarnings("ArrayRecordComponent") // a table, never compared
public record Rotation(double[] signs, int block) implements Transform {
    private static final int PANEL = 64;

    /**
     * The rotation of {@code channels} channels that a seed stands for.
     *
     * @throws IngotException.Usage when their number is odd
     */
    public static Rotation of(int channels, long seed) {
        int block = Integer.lowestOneBit(channels);
        if (block == 1) {
            throw new IngotException.Usage("transform rotate: " + channels + " channels are an odd number, which no"
                    + " Hadamard matrix divides; convert without it");
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] signs = new double[channels];
        Arrays.setAll(signs, i -> random.nextBoolean() ? 1 : -1);
        return new Rotation(signs, block);
    }

    @Override
    public void write(double[] x) {
        for (int i = 0; i < x.length; i++) {
            x[i] *= signs[i];
        }
        for (int at = 0; at < x.length; at += block) {
            hadamard(x, at, block, 1);
        }
    }

    /** w·(H·S)⁻¹ = w·S·H, which is T·w for a symmetric H. */
    @Override
    public void read(double[] w) {
        write(w);
    }

    /** x ← H·x for vectors that lie {@code width} side by side [n][width], with H·H = 1 (fast Walsh-Hadamard transform). */
    private static void hadamard(double[] x, int at, int n, int width) {
        for (int half = 1; half < n; half *= 2) {
            for (int i = 0; i < n; i += 2 * half) {
                for (int a = at + i * width; a < at + (i + half) * width; a++) {
                    int b = a + half * width;
                    double sum = x[a] + x[b];
                    x[b] = x[a] - x[b];
                    x[a] = sum;
                }
            }
        }
        double norm = 1 / Math.sqrt(n);
        for (int i = at; i < at + n * width; i++) {
            x[i] *= norm;
        }
    }

    @Override
    public MatrixSource rows(MatrixSource matrix) {
        return new Rows(matrix);
    }

    @Override
    public Rotation copied(int[] of) {
        throw new IllegalArgumentException("a rotation mixes channels that copies would tear apart");
    }

    /** Has one block of rows in memory. */
    private final class Rows implements Derived {
        private final MatrixSource matrix;
        private float[] rotated = {};
        private long at = -1;

        Rows(MatrixSource matrix) {
            this.matrix = matrix;
        }

        @Override
        public MatrixSource matrix() {
            return matrix;
        }

        @Override
        public void read(long first, int n, float[] out) {
            int cols = cols();
            for (int r = 0; r < n; r++) {
                long row = first + r;
                if (at != row / block) {
                    load(row / block);
                }
                System.arraycopy(rotated, Math.toIntExact(row % block) * cols, out, r * cols, cols);
            }
        }

        private void load(long number) {
            int cols = cols();
            if (rotated.length == 0) {
                rotated = new float[Math.multiplyExact(block, cols)];
            }
            matrix.read(number * block, block, rotated);
            int from = Math.toIntExact(number * block);
            double[] panel = new double[block * PANEL];
            for (int col = 0; col < cols; col += PANEL) {
                int width = Math.min(PANEL, cols - col);
                for (int r = 0; r < block; r++) {
                    for (int c = 0; c < width; c++) {
                        panel[r * width + c] = signs[from + r] * rotated[r * cols + col + c];
                    }
                }
                hadamard(panel, 0, block, width);
                for (int r = 0; r < block; r++) {
                    for (int c = 0; c < width; c++) {
                        rotated[r * cols + col + c] = (float) panel[r * width + c];
                    }
                }
            }
            at = number;
        }
    }
}
