package ingot.runtime.template;

import org.jspecify.annotations.Nullable;

/**
 * {@code value.name} and {@code value[key]} in jinja2's order: a dot asks for the method first and the element second, a
 * subscript the other way round. Methods that would change a list or dict are undefined, as in the immutable sandbox.
 */
final class Attributes {
    private Attributes() {}

    static Value get(Run run, Value of, String name) {
        if (of instanceof Value.Undefined u) {
            throw u.fault();
        }
        Value attribute = own(of, name);
        if (attribute == null && of instanceof Dict d) {
            attribute = d.get(name);
        }
        return attribute == null ? missing(of, name) : attribute;
    }

    static Value item(Run run, Value of, Value key) {
        if (of instanceof Value.Undefined u) {
            throw u.fault();
        }
        if (of instanceof Dict d) {
            Value value = d.get(run, key);
            if (value != null) {
                return value;
            }
        } else if (key instanceof Value.Int || key instanceof Value.Bool) {
            return of instanceof Value.Str || of instanceof Value.Seq || of instanceof Value.Range
                    ? Sequences.at(run, of, Arithmetic.toInteger(key))
                    : new Value.Undefined("'" + Types.name(of) + "' object has no elements");
        }
        if (key instanceof Value.Str s) {
            Value attribute = own(of, s.text());
            return attribute == null ? missing(of, s.text()) : attribute;
        }
        return new Value.Undefined(Types.name(of) + " object has no element of that key");
    }

    private static Value missing(Value of, String name) {
        return new Value.Undefined(
                "'" + Types.name(of) + " object' has no attribute " + ingot.formats.Text.quote(name));
    }

    private static @Nullable Value own(Value of, String name) {
        return switch (of) {
            case Value.Str s -> StringMethods.find(s, name);
            case Dict d -> CollectionMethods.find(d, name);
            case Value.Seq s -> CollectionMethods.find(s, name);
            case Namespace ns -> ns.attributes().get(name);
            case Loop loop -> loop.attribute(name);
            case Value.Int i -> name.equals("real") ? i : null;
            case Value.Real r -> name.equals("real") ? r : null;
            default -> null;
        };
    }
}
