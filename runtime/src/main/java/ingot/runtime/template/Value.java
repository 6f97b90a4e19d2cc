package ingot.runtime.template;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;

/** A Python value as a template sees it. Lists and dicts are immutable, as in jinja2's ImmutableSandboxedEnvironment. */
sealed interface Value
        permits Value.Undefined,
                Value.None,
                Value.Bool,
                Value.Int,
                Value.Real,
                Value.Str,
                Value.Seq,
                Value.Range,
                Value.Stream,
                Dict,
                Namespace,
                Loop,
                Value.Function {
    Bool TRUE = new Bool(true);
    Bool FALSE = new Bool(false);
    Str EMPTY = new Str("", false);

    /** A name, attribute or element that is not there: prints as nothing, and using it is the error {@code reason}. */
    record Undefined(String reason) implements Value {
        TemplateFault fault() {
            return new TemplateFault(reason);
        }
    }

    /** Python's {@code None}. */
    enum None implements Value {
        NONE
    }

    record Bool(boolean value) implements Value {}

    record Int(BigInteger value) implements Value {
        static Int of(long value) {
            return new Int(BigInteger.valueOf(value));
        }
    }

    record Real(double value) implements Value {}

    /**
     * A string. {@code markup} marks text that {@code safe} or {@code escape} made (markupsafe's Markup): adding a plain
     * string to it escapes the plain one.
     */
    record Str(String text, boolean markup) implements Value {
        static Str of(String text) {
            return new Str(text, false);
        }
    }

    /** What a {@link Seq} is to Python; views have a length but no subscripts. */
    enum Kind {
        LIST("[", "]", "list"),
        TUPLE("(", ")", "tuple"),
        KEYS("dict_keys([", "])", "dict_keys"),
        VALUES("dict_values([", "])", "dict_values"),
        ITEMS("dict_items([", "])", "dict_items");

        final String open;
        final String close;
        final String type;

        Kind(String open, String close, String type) {
            this.open = open;
            this.close = close;
            this.type = type;
        }

        boolean isView() {
            return this != LIST && this != TUPLE;
        }
    }

    record Seq(Kind kind, List<Value> items) implements Value {
        static Seq list(List<Value> items) {
            return new Seq(Kind.LIST, items);
        }

        static Seq tuple(List<Value> items) {
            return new Seq(Kind.TUPLE, items);
        }
    }

    /** {@code range(start, stop, step)} with its element count; never holds its elements. */
    record Range(long start, long stop, long step, int size) implements Value {
        Int at(int index) {
            return Int.of(start + index * step);
        }
    }

    /** What {@code map}, {@code select}, {@code items} … give: read once, no length, no text form. */
    record Stream(Iterator<Value> items) implements Value {}

    /** Something callable: a macro, a global function or a bound method. */
    record Function(String name, Body body) implements Value {
        interface Body {
            Value call(Run run, Args args);
        }
    }

    static Bool of(boolean value) {
        return value ? TRUE : FALSE;
    }
}
