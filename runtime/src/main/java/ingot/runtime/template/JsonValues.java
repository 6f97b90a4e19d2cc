package ingot.runtime.template;

import ingot.formats.IngotException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** JSON as the Python values {@code json.loads} makes of it; floats become doubles, printed again by their repr. */
final class JsonValues {
    /** JSON read by {@code Json} is at most 64 deep; this bounds trees built by code. */
    private static final int MAX_DEPTH = 200;

    private JsonValues() {}

    static Value of(Run run, JsonNode node) {
        return of(run, node, 0);
    }

    private static Value of(Run run, JsonNode node, int depth) {
        if (depth > MAX_DEPTH) {
            throw new IngotException.BadData("chat request: JSON nested more than " + MAX_DEPTH + " deep");
        }
        return switch (node.getNodeType()) {
            case STRING -> Value.Str.of(node.stringValue());
            case BOOLEAN -> Value.of(node.booleanValue());
            case NULL, MISSING -> Value.None.NONE;
            case NUMBER ->
                node.isIntegralNumber()
                        ? new Value.Int(node.bigIntegerValue())
                        : new Value.Real(Double.parseDouble(node.asString()));
            case ARRAY -> {
                List<Value> items = new ArrayList<>(node.size());
                for (JsonNode item : node) {
                    items.add(of(run, item, depth + 1));
                }
                yield Value.Seq.list(items);
            }
            case OBJECT -> {
                Dict dict = new Dict();
                for (Map.Entry<String, JsonNode> e : node.properties()) {
                    dict.put(run, Value.Str.of(e.getKey()), of(run, e.getValue(), depth + 1));
                }
                yield dict;
            }
            case BINARY, POJO -> throw new IngotException.BadData("chat request: not a JSON value");
        };
    }
}
