package ingot.tests.gptq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ingot.formats.gguf.GgmlType;
import ingot.formats.gguf.PackedBlock;
import ingot.quant.gptq.Factor;
import ingot.quant.gptq.MatrixQuantizer;
import ingot.quant.gptq.Order;
import ingot.quant.gptq.Rounded;
import ingot.quant.gptq.Target;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;

/** Matrices rounded with error feedback to GGUF blocks, and read back. */
final class GgufRounding {
    private GgufRounding() {}

    /** Every type that is written. */
    static List<GgmlType> types() {
        return Stream.of(GgmlType.values()).filter(t -> t.packed().isPresent()).toList();
    }

    /** Inputs [tokens][n]: more tokens than columns, fewer, or columns that are nearly the same. */
    enum Inputs {
        MANY,
        RANK_DEFICIENT,
        NEARLY_EQUAL_COLUMNS;

        float[] of(int n) {
            float[] x = Hessians.inputs(this == RANK_DEFICIENT ? n / 3 : 2 * n + 5, n, n);
            if (this == NEARLY_EQUAL_COLUMNS) {
                for (int i = 0; i + 1 < x.length; i += 2) {
                    x[i + 1] = x[i] * (1 + 1e-3f * (i % 7));
                }
            }
            return x;
        }
    }

    static Rounded round(float[] w, int n, GgmlType type, float[] h, Order.Kind order, Kernels kernels)
            throws Factor.Impossible {
        Target target = new Target.Blocks(type);
        Factor factor = Factor.of(h.clone(), n, target.units(n), order, kernels.blas());
        return new MatrixQuantizer(kernels).round(w, w.length / n, n, target, factor);
    }

    static Rounded round(float[] w, int n, GgmlType type, float[] h) throws Factor.Impossible {
        try (Kernels kernels = Kernels.create(Backend.AUTO, 0, 1)) {
            return round(w, n, type, h, Order.Kind.ACTIVATION, kernels);
        }
    }

    static byte[] bytes(Rounded rounded) {
        assertEquals(1, rounded.parts().size());
        return rounded.parts().getFirst().toArray(ValueLayout.JAVA_BYTE);
    }

    static float[] dequantize(byte[] bytes, GgmlType type, int weights) {
        PackedBlock block = type.packed().orElseThrow();
        float[] out = new float[weights];
        for (int at = 0; at < weights; at += block.weights()) {
            block.dequantize(bytes, at / block.weights() * block.bytes(), out, at);
        }
        return out;
    }
}
