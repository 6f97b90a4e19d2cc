package ingot.quant.grid;

import ingot.formats.IngotException;
import ingot.formats.gguf.BlockNumbers;
import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.scheme.IntegerCodes;
import ingot.quant.scheme.MatrixSource;
import ingot.runtime.verify.ErrorSum;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A matrix as blocks of one type, rows one after the other: rounded, or with codes and scales it has. Holds a few megabytes.
 *
 * @param type one that {@link GgmlType#packed} has; its blocks divide the rows
 */
public record BlockScheme(GgmlType type) {
    private static final int TARGET_WEIGHTS = 1 << 18;

    /** Takes the bytes of a tensor, in order. */
    @FunctionalInterface
    public interface Sink {
        void write(ByteBuffer bytes);
    }

    /** As below, every weight being as important as any other. */
    public double round(MatrixSource source, Sink sink) {
        float[] ones = new float[source.cols()];
        Arrays.fill(ones, 1);
        return round(source, ones, sink);
    }

    /**
     * Chooses every number by itself.
     *
     * @param columns what an error in each column counts, ≥ 0
     * @return mean((stored − source)²) ÷ mean((source − mean)²)
     * @throws IngotException.BadData when weights are too large for the type
     */
    public double round(MatrixSource source, float[] columns, Sink sink) {
        PackedBlock block = block();
        BlockChooser chooser = BlockChooser.of(type);
        int cols = source.cols();
        int step = step(source.rows(), cols);
        float[] weights = new float[Math.multiplyExact(step, cols)];
        float[] stored = new float[weights.length];
        float[] importance = new float[weights.length];
        for (int at = 0; at < importance.length; at += cols) {
            System.arraycopy(columns, 0, importance, at, cols);
        }
        byte[] bytes = new byte[Math.toIntExact(type.bytes(weights.length))];
        BlockNumbers numbers = block.numbers();
        ErrorSum error = new ErrorSum();
        for (long row = 0; row < source.rows(); row += step) {
            int n = (int) Math.min(step, source.rows() - row);
            source.read(row, n, weights);
            int to = 0;
            for (int at = 0; at < n * cols; at += block.weights()) {
                choose(chooser, weights, importance, at, numbers, source);
                block.pack(numbers, bytes, to);
                block.dequantize(bytes, to, stored, at);
                to += block.bytes();
            }
            error.add(stored, weights, n * cols);
            sink.write(ByteBuffer.wrap(bytes, 0, to));
        }
        return error.nmse();
    }

    private static void choose(
            BlockChooser chooser, float[] w, float[] importance, int at, BlockNumbers out, MatrixSource source) {
        try {
            chooser.choose(w, importance, at, out);
        } catch (IngotException.BadData e) {
            throw new IngotException.BadData(source.origin() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Stores codes and scales as they are, a scale repeated for every block of its group.
     *
     * @param codes values of the type, which has one factor for a block and no offset; groups are whole blocks
     */
    public void carry(IntegerCodes codes, Sink sink) {
        PackedBlock block = block();
        int cols = codes.cols();
        int step = step(codes.rows(), cols);
        byte[] codeOf = new byte[256];
        for (int code = block.lowest(); code <= block.highest(); code++) {
            codeOf[block.value(code) + 128] = (byte) code;
        }
        byte[] q = new byte[Math.multiplyExact(step, cols)];
        short[] scales = new short[Math.multiplyExact(step, codes.groups())];
        byte[] bytes = new byte[Math.toIntExact(type.bytes(q.length))];
        BlockNumbers numbers = block.numbers();
        for (long row = 0; row < codes.rows(); row += step) {
            int n = (int) Math.min(step, codes.rows() - row);
            codes.read(row, n, q, scales);
            int to = 0;
            for (int at = 0; at < n * cols; at += block.weights()) {
                numbers.factors(scales[at / cols * codes.groups() + at % cols / codes.group()], (short) 0);
                for (int i = 0; i < block.weights(); i++) {
                    numbers.codes()[i] = codeOf[q[at + i] + 128];
                }
                block.pack(numbers, bytes, to);
                to += block.bytes();
            }
            sink.write(ByteBuffer.wrap(bytes, 0, to));
        }
    }

    private PackedBlock block() {
        return type.packed().orElseThrow(() -> new IllegalStateException(type + " has no blocks to write"));
    }

    private static int step(long rows, int cols) {
        return (int) Math.min(Math.max(1, TARGET_WEIGHTS / cols), rows);
    }
}
