package ingot.cli.render;

import tools.jackson.databind.node.ObjectNode;

/** JSON has no NaN and no infinity: such a figure is null. */
public final class JsonFields {
    private JsonFields() {}

    public static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }
}
