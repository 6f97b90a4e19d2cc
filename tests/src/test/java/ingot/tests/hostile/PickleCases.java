package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;
import static ingot.tests.hostile.TinyModel.GATE;
import static ingot.tests.hostile.TorchCases.AT;
import static ingot.tests.hostile.TorchCases.FILE;
import static ingot.tests.hostile.TorchCases.gate;
import static ingot.tests.hostile.TorchCases.model;

import ingot.tests.torch.Pickle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Rows 39 to 46: instructions of the pickles of PyTorch files. */
final class PickleCases {
    private static final String CUT =
            "(not a pickle of protocol 2|the pickle is cut short: it began at \\d+ and ends before its STOP|"
                    + "\\d+ bytes announced, \\d+ are left)";

    private PickleCases() {}

    static List<HostileCase> all() {
        return Stream.of(globals(), opcodes(), structure(), cutShort())
                .flatMap(List::stream)
                .toList();
    }

    private static List<HostileCase> globals() {
        return List.of(
                call("row-39-os-system", "os", "system", "os\\.system"),
                call("row-39-eval", "builtins", "eval", "builtins\\.eval"),
                call("row-39-getattr", "__builtin__", "getattr", "__builtin__\\.getattr"),
                call(
                        "row-39-a-name-that-ends-like-one",
                        "evil.collections",
                        "OrderedDict",
                        "evil\\.collections\\.OrderedDict"),
                call("row-39-dotted-name", "torch", "_utils._rebuild_tensor_v2", "torch\\._utils\\._rebuild_tensor_v2"),
                call("row-39-escape-sequence", "os\u001b[31m", "system", "os\\\\u001b\\[31m\\.system"),
                call(
                        "row-41-pickle-inside-a-pickle",
                        "torch.storage",
                        "_load_from_bytes",
                        "torch\\.storage\\._load_from_bytes"),
                call("row-41-pickle-loads", "_pickle", "loads", "_pickle\\.loads"),
                gate(
                        "row-39-name-of-201-characters",
                        AT + "a name of more than 200",
                        p -> p.op("c" + "x".repeat(201) + "\ny\n")),
                gate(
                        "row-39-storage-type-called",
                        AT + "a type is called",
                        p -> p.global("torch", "FloatStorage").op(")R")));
    }

    /** {@link TorchSweepTest} cuts at every byte. */
    private static List<HostileCase> cutShort() {
        byte[] pickle = new TorchModel().pickle();
        int n = pickle.length;
        return IntStream.of(0, 1, 2, 3, n / 4, n / 2, 3 * n / 4, n - 2, n - 1)
                .mapToObj(length -> bad("row-43-pickle-of-" + length + "-bytes-of-" + n, FILE + "@\\d+: " + CUT, f -> {
                    byte[] start = Arrays.copyOf(pickle, length);
                    return new TorchModel()
                            .write(f, z -> z.entry(TorchModel.TOP + "data.pkl").replace(start));
                }))
                .toList();
    }

    private static List<HostileCase> opcodes() {
        List<HostileCase> cases = new ArrayList<>();
        // pickletools' names and bytes.
        String[] names = {
            "POP 0",
            "POP_MARK 1",
            "DUP 2",
            "FLOAT F",
            "INT I",
            "LONG L",
            "PERSID P",
            "STRING S",
            "BINSTRING T",
            "UNICODE V",
            "DICT d",
            "GET g",
            "INST i",
            "LIST l",
            "OBJ o",
            "PUT p",
            "BINBYTES B",
            "SHORT_BINBYTES C",
            "NEWOBJ \u0081",
            "EXT1 \u0082",
            "EXT2 \u0083",
            "EXT4 \u0084",
            "LONG4 \u008b",
            "SHORT_BINUNICODE \u008c",
            "BINUNICODE8 \u008d",
            "BINBYTES8 \u008e",
            "EMPTY_SET \u008f",
            "ADDITEMS \u0090",
            "FROZENSET \u0091",
            "NEWOBJ_EX \u0092",
            "STACK_GLOBAL \u0093",
            "MEMOIZE \u0094",
            "FRAME \u0095",
            "BYTEARRAY8 \u0096",
            "NEXT_BUFFER \u0097",
            "READONLY_BUFFER \u0098"
        };
        for (String name : names) {
            String[] parts = name.split(" ");
            cases.add(gate("row-40-" + parts[0], AT + "the pickle uses " + parts[0] + ",", p -> p.op("N" + parts[1])));
        }
        cases.add(gate("row-40-no-instruction", AT + "0x99 is no pickle instruction", p -> p.raw(0x99)));
        cases.add(gate("row-41-proto-inside", AT + "PROTO inside a pickle", p -> p.raw(0x80, 2)));
        return cases;
    }

    private static List<HostileCase> structure() {
        return List.of(
                gate(
                        "row-42-tuple3-underflow",
                        AT + "the stack holds 1 values where 3 are needed",
                        p -> p.op("(N").raw(0x87)),
                gate("row-42-nothing-to-append", AT + "the stack holds 0 values where 1 ", p -> p.op("(a")),
                model("row-42-no-mark", AT + "no MARK before", new TorchModel().before(p -> p.op("t"))),
                gate("row-42-open-mark-at-the-end", AT + "SETITEM on something that is not a dict", p -> p.op("N(")),
                model(
                        "row-42-two-values-at-the-end",
                        AT + "STOP with 1 values left",
                        new TorchModel().before(p -> p.op("N"))),
                gate(
                        "row-44-dangling-memo",
                        AT + "memo entry 77 was never stored",
                        p -> p.op("h").raw(77)),
                gate(
                        "row-44-dangling-long-memo",
                        AT + "memo entry 4294967295 was never",
                        p -> p.op("j").raw(-1, -1, -1, -1)),
                gate(
                        "row-44-long-binput-2^32-1",
                        AT + "memo entry 4294967295; at most",
                        p -> p.op("Nr").raw(-1, -1, -1, -1)),
                gate(
                        "row-45-string-of-4-GiB",
                        AT + "4294967295 bytes announced",
                        p -> p.op("X").raw(-1, -1, -1, -1)),
                gate(
                        "row-45-string-of-2-GiB",
                        AT + "2147483647 bytes announced",
                        p -> p.op("X").raw(-1, -1, -1, 0x7F)),
                gate(
                        "row-45-string-not-utf8",
                        AT + "a string that is not UTF-8",
                        p -> p.op("X").raw(1, 0, 0, 0, 0xFF)),
                gate(
                        "row-46-dict-in-itself",
                        FILE + "a container in the pickle holds itself",
                        p -> p.op("}q").raw(200).text("self").op("h").raw(200).op("s")),
                gate(
                        "row-46-list-in-itself",
                        FILE + "a container in the pickle holds itself",
                        p -> p.op("]q").raw(200).op("h").raw(200).op("a")),
                gate(
                        "row-46-dict-in-its-list",
                        FILE + "a container in the pickle holds itself",
                        p -> p.op("}q").raw(200).text("x").op("]h").raw(200).op("as")),
                gate(
                        "row-46-nested-100000-deep",
                        FILE + "containers in the pickle nest deeper than 64",
                        p -> p.op(")").op("\u0085".repeat(100_000))),
                gate(
                        "row-46-stack-of-200000",
                        AT + "more than 100000 values on the stack",
                        p -> p.op("N".repeat(200_000))),
                gate("row-46-marks-200000", AT + "more than 100000 marks", p -> p.op("(".repeat(200_000))),
                gate(
                        "row-46-2000000-values",
                        AT + "more than 1500000 values",
                        p -> p.op("]").op(("(" + "N".repeat(999) + "e").repeat(2000))),
                // Ten levels of ten references each: 10^10 values to whoever walks them all.
                mismatch(
                        "row-46-billion-laughs",
                        "'model\\.layers\\.0\\.mlp\\.gate_proj\\.weight'",
                        f -> new TorchModel().value(GATE, PickleCases::laughs).write(f, z -> {})));
    }

    private static void laughs(Pickle p) {
        p.op("N");
        for (int i = 0; i < 10; i++) {
            p.op("q").raw(100 + i).op("(");
            for (int k = 0; k < 10; k++) {
                p.op("h").raw(100 + i);
            }
            p.op("t").raw(0x86);
        }
    }

    private static HostileCase call(String name, String module, String function, String qualified) {
        return gate(
                name,
                AT + "the pickle refers to '" + qualified + "', which is not part of a state dict",
                p -> p.global(module, function).op("(").text("touch executed").op("tR"));
    }
}
