package ingot.quant.calibration;

import ingot.formats.DType;
import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Matrix;
import ingot.runtime.model.FinalNorm;
import ingot.runtime.model.WeightSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Compares the streams of {@link Probes} at the logits, a panel of the head's rows at a time. */
final class HeadProbe {
    private final Kernels kernels;
    private final LayerWeights weights;
    private final WeightSpec head;

    HeadProbe(Kernels kernels, LayerWeights weights, WeightSpec head) {
        this.kernels = kernels;
        this.weights = weights;
        this.head = head;
    }

    /** Rounds rows of the head. */
    interface Rounder {
        float[] round(float[] rows, int n);
    }

    /**
     * Mean divergences of all streams but the first from the first one; then that of the first with a rounded head.
     *
     * @param rounder of the head; without it the last figure is not there
     */
    double[] divergences(Probes probes, FinalNorm norm, @Nullable Rounder rounder) {
        int tokens = probes.tokens();
        int hidden = head.cols();
        int others = probes.streams() - 1;
        Divergence divergence = new Divergence(kernels, tokens, others + (rounder == null ? 0 : 1));
        float[] reference = normed(probes, norm, 0);
        float[] expected = new float[tokens * Site.HEAD_ROWS];
        float[] logits = new float[tokens * Site.HEAD_ROWS];
        for (int first = 0; first < head.rows(); first += Site.HEAD_ROWS) {
            int n = Math.min(Site.HEAD_ROWS, head.rows() - first);
            kernels.matmul(panel(weights.read(head, first, n), n, hidden), reference, tokens, expected);
            divergence.reference(expected, n);
        }
        for (int first = 0; first < head.rows(); first += Site.HEAD_ROWS) {
            int n = Math.min(Site.HEAD_ROWS, head.rows() - first);
            float[] rows = weights.read(head, first, n);
            Matrix panel = panel(rows, n, hidden);
            kernels.matmul(panel, reference, tokens, expected);
            for (int i = 0; i < others; i++) {
                kernels.matmul(panel, normed(probes, norm, i + 1), tokens, logits);
                divergence.add(i, expected, logits, n);
            }
            if (rounder != null) {
                kernels.matmul(panel(rounder.round(rows, n), n, hidden), reference, tokens, logits);
                divergence.add(others, expected, logits, n);
            }
        }
        double[] means = new double[others + (rounder == null ? 0 : 1)];
        for (int i = 0; i < means.length; i++) {
            means[i] = divergence.mean(i);
        }
        return means;
    }

    private static Matrix panel(float[] values, int rows, int cols) {
        return Matrix.dense(DType.F32, rows, cols, MemorySegment.ofArray(values));
    }

    /** A stream behind the last norm. */
    private float[] normed(Probes probes, FinalNorm norm, int stream) {
        int tokens = probes.tokens();
        float[] rows = new float[tokens * head.cols()];
        float[] out = new float[rows.length];
        probes.residual().read((long) stream * tokens, tokens, rows);
        norm.apply(rows, tokens, out);
        return out;
    }
}
