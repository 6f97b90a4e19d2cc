package ingot.runtime.template;

/** Python's type names, for messages. */
final class Types {
    private Types() {}

    static String name(Value value) {
        return switch (value) {
            case Value.Undefined u -> "Undefined";
            case Value.None n -> "NoneType";
            case Value.Bool b -> "bool";
            case Value.Int i -> "int";
            case Value.Real r -> "float";
            case Value.Str s -> "str";
            case Value.Seq s -> s.kind().type;
            case Value.Range r -> "range";
            case Dict d -> "dict";
            case Namespace n -> "Namespace";
            case Loop l -> "LoopContext";
            case Value.Stream s -> "generator";
            case Value.Function f -> "function";
        };
    }
}
