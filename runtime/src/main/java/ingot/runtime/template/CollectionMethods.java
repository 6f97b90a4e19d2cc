package ingot.runtime.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The reading methods of dict, list and tuple. */
final class CollectionMethods {
    private CollectionMethods() {}

    static @Nullable Value find(Dict d, String name) {
        return switch (name) {
            case "get" ->
                method(name, (run, args) -> {
                    Args.Bound a = args.bind("get", 1, "key", "default");
                    Value value = d.get(run, a.at(0));
                    return value == null ? a.at(1, Value.None.NONE) : value;
                });
            case "keys" -> view(name, d, Value.Kind.KEYS);
            case "values" -> view(name, d, Value.Kind.VALUES);
            case "items" -> view(name, d, Value.Kind.ITEMS);
            case "copy" -> method(name, (run, args) -> d);
            case "clear", "pop", "popitem", "setdefault", "update" -> forbidden("dict", name);
            default -> null;
        };
    }

    static @Nullable Value find(Value.Seq s, String name) {
        if (s.kind().isView()) {
            return null;
        }
        return switch (name) {
            case "count" ->
                method(name, (run, args) -> {
                    Value wanted = args.bind("count", 1, "value").at(0);
                    long count = 0;
                    for (Value v : s.items()) {
                        run.budget().work(1);
                        count += Compare.equal(run, v, wanted) ? 1 : 0;
                    }
                    return Value.Int.of(count);
                });
            case "index" ->
                method(name, (run, args) -> {
                    Value wanted = args.bind("index", 1, "value").at(0);
                    for (int i = 0; i < s.items().size(); i++) {
                        run.budget().work(1);
                        if (Compare.equal(run, s.items().get(i), wanted)) {
                            return Value.Int.of(i);
                        }
                    }
                    throw new TemplateFault("index(): the value is not in the " + s.kind().type);
                });
            case "copy" -> s.kind() == Value.Kind.LIST ? method(name, (run, args) -> s) : null;
            case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort" ->
                s.kind() == Value.Kind.LIST ? forbidden("list", name) : null;
            default -> null;
        };
    }

    private static Value view(String name, Dict d, Value.Kind kind) {
        return method(name, (run, args) -> {
            args.bind(name, 0);
            run.budget().elements(d.size() * (kind == Value.Kind.ITEMS ? 3L : 1L));
            List<Value> items = switch (kind) {
                case KEYS -> d.keys();
                case VALUES -> d.values();
                default -> d.items();
            };
            return new Value.Seq(kind, items);
        });
    }

    private static Value forbidden(String type, String name) {
        return new Value.Undefined("'" + type + "." + name + "' would change its object: templates may not");
    }

    private static Value method(String name, Value.Function.Body body) {
        return new Value.Function(name, body);
    }
}
