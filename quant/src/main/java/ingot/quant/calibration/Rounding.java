package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import ingot.quant.gptq.Order;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/** How a conversion is going to round, which a measurement of the damage has to imitate. */
public sealed interface Rounding {
    /**
     * With error feedback.
     *
     * @param order of columns
     * @param drift how much of the inputs' distance from the full-precision model's is made up for: 0 to 1; what
     *     is not 0 takes a second stream of activations
     */
    record Feedback(Order.Kind order, float drift) implements Rounding {
        public Feedback {
            if (!(drift >= 0 && drift <= 1)) {
                throw new IngotException.Usage("a drift correction of " + drift + "; expected 0 to 1");
            }
        }

        /** The defaults. */
        public static Feedback in(Order.Kind order) {
            return new Feedback(order, 1);
        }

        /** What of this changes the numbers: for provenance, and for what may be resumed. */
        public ObjectNode toJson() {
            return Json.object()
                    .put("order", order.name().toLowerCase(Locale.ROOT))
                    .put("drift", drift);
        }
    }

    /** Each number by itself, an error counting by the mean square of the input of its column: the diagonal of H. */
    record Importance() implements Rounding {}

    /** Each number by itself. */
    record Plain() implements Rounding {}
}
