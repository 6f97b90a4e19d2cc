package ingot.quant;

import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.runtime.kernel.Backend;
import ingot.runtime.kernel.Kernels;
import tools.jackson.databind.node.ObjectNode;

/** Options as JSON: what a file says of how it was made, and what has to be the same for work to be resumed. */
final class AskedFor {
    private AskedFor() {}

    /** What of the options changes the bytes of the output, for its provenance. */
    static ObjectNode of(ConvertOptions options, boolean fromQuantized) {
        ObjectNode node = Json.object();
        options.types()
                .auto()
                .ifPresentOrElse(
                        auto -> node.put("type", "auto")
                                .put("budget", auto.budget().text()),
                        () -> node.set("layout", options.layout().toJson()));
        node.setAll(method(options.method()));
        if (!options.transforms().wanted().isEmpty()) {
            var names = node.putArray("transforms");
            options.transforms().wanted().forEach(w -> names.add(w.label()));
        }
        if (!options.keep().isEmpty()) {
            var rules = node.putArray("keep");
            for (ConvertOptions.Keep rule : options.keep()) {
                rules.addObject()
                        .put("pattern", rule.pattern().pattern())
                        .set("layout", rule.layout().toJson());
            }
        }
        if (options.same() && fromQuantized) {
            node.put("same", true);
        }
        options.adapter().ifPresent(folder -> node.put("adapter", Folders.name(folder)));
        if (options.allowNonFinite()) {
            node.put("allow_nonfinite", true);
        }
        return node;
    }

    /** How numbers were chosen: the method, and what of its options changes them. */
    static ObjectNode method(ConvertOptions.Method method) {
        ObjectNode node = Json.object().put("method", method.label());
        if (method instanceof ConvertOptions.Method.Gptq gptq) {
            node.setAll(gptq.feedback().toJson());
        }
        // The scalar backend sums in another order than vectors do, and other bytes come out.
        if (method.calibratedOn().isPresent() && Kernels.portable() == Backend.SCALAR) {
            node.put("kernels", "scalar");
        }
        return node;
    }
}
