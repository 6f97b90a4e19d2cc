package ingot.quant.calibration;

import ingot.quant.gptq.Order;

/** How a conversion is going to round, which a measurement of the damage has to imitate. */
public sealed interface Rounding {
    /** With error feedback, in an order of columns. */
    record Feedback(Order.Kind order) implements Rounding {}

    /** Each number by itself, an error counting by the mean square of the input of its column: the diagonal of H. */
    record Importance() implements Rounding {}

    /** Each number by itself. */
    record Plain() implements Rounding {}
}
