package ingot.formats.quantized;

import ingot.formats.TensorInfo;
import ingot.formats.block.Layout;
import java.util.Optional;

/**
 * A matrix [rows, cols] (outputs × inputs) that a checkpoint stores quantized. Nothing of it is held: each call reads what
 * it needs from the file, so it can be used by several threads and costs no memory between calls.
 */
public sealed interface Packed permits IntegerMatrix, Bnb4Matrix, Bnb8Matrix, FloatMatrix, GgufBlocks {
    /** The stored tensor with the codes; named in errors. */
    TensorInfo codes();

    /** Outputs. */
    long rows();

    /** Inputs. */
    int cols();

    /**
     * Dequantizes {@code n} rows into {@code out[0 … n × cols)}, row-major, with the arithmetic of the reference in f32.
     *
     * @throws ingot.formats.IngotException.BadData when the stored numbers break the format
     */
    void decode(long first, int n, float[] out);

    /** Method, type and group for summaries: {@code gptq int4 g128}, {@code q4_k}. */
    String describe();

    /**
     * The smallest layout of ours that can hold its codes and scales as they are; empty where they must be rounded again.
     * Reads at most scales and zero points, not the codes: whether those fit is known when the matrix is stored.
     */
    Optional<Layout> natural();
}
