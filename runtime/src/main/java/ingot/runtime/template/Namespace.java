package ingot.runtime.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code namespace(...)}: the one value a template may change, by {@code set ns.name = …}. */
final class Namespace implements Value {
    private final Map<String, Value> attributes = new LinkedHashMap<>();

    Map<String, Value> attributes() {
        return attributes;
    }
}
