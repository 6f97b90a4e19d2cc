package ingot.formats.hf;

import ingot.formats.json.ObjectFields;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads {@code layer_types}: which kind of attention every layer has. */
final class LayerTypes {
    private LayerTypes() {}

    /**
     * Windows of {@code layers} layers; 0 sees everything.
     *
     * @param window size of a sliding window, 0 where the configuration has none
     */
    static List<Integer> windows(ObjectFields fields, int layers, int window) {
        JsonNode types = fields.node().get("layer_types");
        if (!types.isArray() || types.size() != layers) {
            throw fields.unsupported(
                    "layer_types",
                    "expected a list of " + layers + " (num_hidden_layers), found "
                            + (types.isArray() ? types.size() + " entries" : ObjectFields.show(types)));
        }
        List<Integer> windows = new ArrayList<>(layers);
        for (JsonNode type : types) {
            windows.add(
                    switch (type.isString() ? type.stringValue() : "") {
                        case "full_attention" -> 0;
                        case "sliding_attention" -> requireWindow(fields, window);
                        default ->
                            throw fields.unsupported(
                                    "layer_types",
                                    ObjectFields.show(type)
                                            + " is not supported; expected full_attention or sliding_attention");
                    });
        }
        return windows;
    }

    private static int requireWindow(ObjectFields fields, int window) {
        if (window == 0) {
            throw fields.unsupported(
                    "layer_types", "'sliding_attention' without use_sliding_window and a sliding_window size");
        }
        return window;
    }
}
