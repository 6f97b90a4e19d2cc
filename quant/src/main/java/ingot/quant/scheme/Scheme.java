package ingot.quant.scheme;

import ingot.formats.block.Layout;

/**
 * Chooses the numbers that store a matrix. Round-to-nearest schemes look at the weights alone; calibrated ones bring what
 * they know of the activations. A scheme reads the source as often and in what order it needs, holds a bounded number of
 * rows at a time, and its output depends on nothing but weights and options.
 */
public interface Scheme {
    /** How its numbers are stored. */
    Layout layout();

    /** Name of the method for reports: {@code rtn}, {@code exact}. */
    String method();

    /**
     * Stores the matrix.
     *
     * @return mean((stored − source)²) ÷ mean((source − mean)²); 0 when exact
     */
    double encode(MatrixSource source, PartSink sink);
}
