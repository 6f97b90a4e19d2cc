package ingot.runtime.kernel.vector;

import ingot.formats.DType;

/** The kernels of row-major floating-point weights, by element type. */
final class DenseKernels {
    private final WeightKernel f32;
    private final WeightKernel f16;
    private final WeightKernel bf16;

    DenseKernels(Width width) {
        f32 = width.instance(WeightKernel.class, F32Kernel.class);
        f16 = width.instance(WeightKernel.class, F16Kernel.class);
        bf16 = width.instance(WeightKernel.class, Bf16Kernel.class);
    }

    WeightKernel of(DType type) {
        return switch (type) {
            case F32 -> f32;
            case F16 -> f16;
            case BF16 -> bf16;
            default -> throw new IllegalArgumentException("dense weights of type " + type.label());
        };
    }
}
