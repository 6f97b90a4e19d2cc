package ingot.runtime.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names of one template, loop round, macro call or block; what is set inside is not seen outside. */
final class Scope {
    private final @Nullable Scope parent;
    private final Map<String, Value> names = new HashMap<>();

    Scope(@Nullable Scope parent) {
        this.parent = parent;
    }

    @Nullable
    Value find(String name) {
        for (Scope s = this; s != null; s = s.parent) {
            Value value = s.names.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    void set(String name, Value value) {
        names.put(name, value);
    }
}
