package ingot.runtime.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Positional and keyword arguments of one call. */
record Args(List<Value> positional, Map<String, Value> named) {
    static final Args NONE = new Args(List.of(), Map.of());

    /** Assigns the arguments to the parameters of {@code function} as Python does; the first {@code required} must be. */
    Bound bind(String function, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new TemplateFault(function + "() takes at most " + parameters.length + " arguments");
        }
        @Nullable Value[] values = new @Nullable Value[parameters.length];
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        for (Map.Entry<String, Value> e : named.entrySet()) {
            int at = List.of(parameters).indexOf(e.getKey());
            if (at < 0) {
                throw new TemplateFault(function + "() got an unexpected keyword argument '" + e.getKey() + "'");
            }
            if (values[at] != null) {
                throw new TemplateFault(function + "() got multiple values for argument '" + e.getKey() + "'");
            }
            values[at] = e.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw new TemplateFault(function + "() misses its argument '" + parameters[i] + "'");
            }
        }
        return new Bound(function, values);
    }

    /** Arguments by parameter position. */
    static final class Bound {
        private final String function;
        private final @Nullable Value[] values;

        private Bound(String function, @Nullable Value[] values) {
            this.function = function;
            this.values = values;
        }

        String function() {
            return function;
        }

        /** A required argument. */
        Value at(int index) {
            Value value = values[index];
            if (value == null) {
                throw new TemplateFault(function + "() misses an argument");
            }
            return value;
        }

        Value at(int index, Value otherwise) {
            Value value = values[index];
            return value == null ? otherwise : value;
        }

        boolean has(int index) {
            return values[index] != null;
        }

        /** A given argument that is not None. */
        boolean some(int index) {
            return values[index] != null && values[index] != Value.None.NONE;
        }

        String text(int index) {
            if (at(index) instanceof Value.Str s) {
                return s.text();
            }
            throw new TemplateFault(function + "() expects a string");
        }

        long integer(int index) {
            return switch (at(index)) {
                case Value.Int i when i.value().bitLength() < 63 -> i.value().longValue();
                case Value.Bool b -> b.value() ? 1 : 0;
                case Value.Undefined u -> throw u.fault();
                default -> throw new TemplateFault(function + "() expects an integer");
            };
        }

        boolean truth(int index, boolean otherwise) {
            Value value = values[index];
            return value == null ? otherwise : Compare.truth(value);
        }
    }
}
