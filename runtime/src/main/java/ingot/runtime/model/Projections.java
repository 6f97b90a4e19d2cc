package ingot.runtime.model;

import ingot.runtime.kernel.Kernels;
import ingot.runtime.kernel.Products;
import java.util.ArrayList;
import java.util.List;

/** Linear layers that read the same activations, computed together ({@link Products}). Filled anew for every call and reused. */
final class Projections {
    private final Products products = new Products();
    private final List<Linear> layers = new ArrayList<>();

    /** Forgets what was there. */
    Projections clear() {
        products.clear();
        layers.clear();
        return this;
    }

    /** One more; y [tokens][rows] is to be overwritten. */
    Projections add(Linear layer, float[] y) {
        products.add(layer.weight(), y);
        layers.add(layer);
        return this;
    }

    /** y = W x + b for every layer; x [tokens][cols]. */
    void apply(Kernels kernels, float[] x, int tokens) {
        kernels.matmul(products, x, tokens);
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).addBias(kernels, tokens, products.output(i));
        }
    }
}
