package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.HostileCase.mismatch;
import static ingot.tests.hostile.TinyModel.EMBED;
import static ingot.tests.hostile.TinyModel.GATE;

import ingot.tests.torch.Pickle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Rows 39 to 55: pickles of PyTorch files, and the tensors they describe. Rows 56 to 70 are in {@link TorchFileCases}. */
final class TorchCases {
    private static final String FILE = "pytorch_model\\.bin: ";
    private static final String AT = FILE + "@\\d+: ";

    private TorchCases() {}

    static List<HostileCase> all() {
        return Stream.of(globals(), opcodes(), structure(), objects(), storages(), strides(), accepted())
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
                gate("row-42-open-mark-at-the-end", AT + "SETITEM.*|STOP with", p -> p.op("N(")),
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
                        f -> new TorchModel().value(GATE, TorchCases::laughs).write(f, z -> {})));
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

    private static List<HostileCase> objects() {
        TorchModel m = new TorchModel();
        Consumer<Pickle> tensor = p ->
                p.tensor("FloatStorage", m.key(GATE), m.numel(GATE), m.size(GATE), TorchModel.rowMajor(m.size(GATE)));
        return List.of(
                gate(
                        "row-47-setitem-on-a-tensor",
                        AT + "SETITEM on something that is not a dict",
                        tensor.andThen(p -> p.text("a").op("Ns"))),
                gate(
                        "row-47-append-to-a-tensor",
                        AT + "APPEND to something that is not a list",
                        tensor.andThen(p -> p.op("Na"))),
                gate(
                        "row-48-build-on-a-tensor",
                        AT + "BUILD on something that is not an OrderedDict",
                        tensor.andThen(p -> p.op("}b"))),
                gate("row-48-build-on-a-dict", AT + "BUILD on something that is not an OrderedDict", p -> p.op("}}b")),
                gate(
                        "row-48-reduce-of-a-tensor",
                        AT + "REDUCE of something that is not a function",
                        tensor.andThen(p -> p.op(")R"))),
                gate(
                        "row-49-string-persistent-id",
                        AT + "a persistent id that is not",
                        p -> p.text("storage").op("Q")),
                gate(
                        "row-49-tuple-of-strings",
                        AT + "a persistent id that is not",
                        p -> p.op("(").text("module").text("x").op("tQ")),
                gate(
                        "row-49-storage-type-is-a-string",
                        AT + "a storage without a storage type",
                        p -> p.op("(")
                                .text("storage")
                                .text("FloatStorage")
                                .text("0")
                                .text("cpu")
                                .whole(1)
                                .op("tQ")),
                gate(
                        "row-49-storage-type-is-a-function",
                        AT + "a storage without a storage type",
                        p -> p.op("(")
                                .text("storage")
                                .global("torch._utils", "_rebuild_tensor")
                                .text("0")
                                .text("cpu")
                                .whole(1)
                                .op("tQ")),
                gate(
                        "row-49-integer-key",
                        AT + "a storage whose key or location",
                        p -> p.op("(")
                                .text("storage")
                                .global("torch", "FloatStorage")
                                .whole(0)
                                .text("cpu")
                                .whole(1)
                                .op("tQ")),
                gate(
                        "duplicate-name-in-the-state-dict",
                        AT + "two entries named 'model\\.norm\\.weight'",
                        tensor.andThen(p -> p.text(TinyModel.NORM).op("N"))),
                gate(
                        "state-dict-key-is-a-number",
                        AT + "a dict key that is not a string",
                        tensor.andThen(p -> p.op("NN"))),
                gate("tensor-name-empty", "empty tensor name", tensor.andThen(p -> tensor.accept(p.text("")))),
                gate(
                        "tensor-name-with-escape-sequence",
                        "tensor '\\\\u001b\\[31m': control character",
                        tensor.andThen(p -> tensor.accept(p.text("\u001b[31m")))),
                gate(
                        "tensor-conjugated",
                        AT + "tensor metadata that are not empty",
                        p -> p.global("torch._utils", "_rebuild_tensor_v2")
                                .op("(")
                                .storage("FloatStorage", m.key(GATE), m.numel(GATE), "")
                                .whole(0)
                                .tuple(5, 6)
                                .tuple(6, 1)
                                .raw(0x89)
                                .ordered()
                                .op("}")
                                .text("neg")
                                .raw(0x88)
                                .op("stR")),
                gate(
                        "state-dict-in-a-state-dict",
                        "dict 'model\\.layers.*' holds tensors of its own",
                        p -> tensor.accept(p.op("}").text("x")),
                        p -> p.op("s")));
    }

    private static List<HostileCase> storages() {
        return List.of(
                storage(
                        "row-50-numel-too-small",
                        AT + "storage '11' has 120 bytes, but 29 × F32 are 116|reaches element",
                        "11",
                        29),
                storage("row-50-numel-too-large", AT + "storage '11' has 120 bytes, but 31 × F32 are 124", "11", 31),
                storage("row-50-numel-2^63-1", AT + "numel × bytes of storage '11' overflows", "11", Long.MAX_VALUE),
                storage("row-50-numel-negative", AT + "numel is not an integer from 0", "11", -1),
                storage(
                        "row-50-two-sizes-of-one-storage",
                        AT + "storage '0' is 30 × F32 here and 42 × F32 before",
                        "0",
                        30),
                storage(
                        "row-51-key-leaves-the-folder",
                        FILE + "storage '\\.\\./version' has no entry",
                        "../version",
                        30),
                storage("row-51-absolute-key", FILE + "storage '/etc/passwd' has no entry", "/etc/passwd", 30),
                storage("row-51-key-unknown", FILE + "storage '99' has no entry", "99", 30),
                gate(
                        "row-50-other-type-of-one-storage",
                        AT + "storage '0' is 42 × I32 here",
                        p -> p.tensor("IntStorage", "0", 42, new long[] {5, 6}, new long[] {6, 1})));
    }

    private static List<HostileCase> strides() {
        return List.of(
                view("row-52-stride-negative", "stride is not an integer from 0", new long[] {5, 6}, new long[] {6, -1
                }),
                view("row-52-stride-2^63-1", "shape or strides overflow", new long[] {5, 6}, new long[] {
                    Long.MAX_VALUE, 1
                }),
                view("row-52-size-negative", "size is not an integer from 0", new long[] {-5, 6}, new long[] {6, 1}),
                view("row-52-size-overflows", "shape or strides overflow", new long[] {1L << 32, 1L << 32}, new long[] {
                    1, 1
                }),
                view(
                        "row-52-past-the-end",
                        "reaches element 30 of a storage of 30",
                        new long[] {5, 6},
                        new long[] {6, 1},
                        1),
                view(
                        "row-52-more-strides-than-dimensions",
                        "2 dimensions and 3 strides",
                        new long[] {5, 6},
                        new long[] {6, 1, 1}),
                view("row-52-17-dimensions", "17 dimensions; at most 16", new long[17], new long[17]),
                view(
                        "row-53-stride-0-bomb",
                        "stride 0 over a dimension of 1152921504606846976",
                        new long[] {1L << 60},
                        new long[] {0}),
                view("row-53-stride-0", "stride 0 over a dimension of 5", new long[] {5, 6}, new long[] {0, 1}),
                view("row-53-overlapping", "its elements overlap", new long[] {15, 15}, new long[] {1, 1}));
    }

    private static List<HostileCase> accepted() {
        TorchModel m = new TorchModel();
        return List.of(
                accept("torch-zip", f -> new TorchModel().write(f, z -> {})),
                accept("row-54-transposed", f -> {
                    TorchModel t = new TorchModel();
                    return t.storage(t.key(GATE), transposed(t))
                            .value(
                                    GATE,
                                    p -> p.tensor(
                                            "FloatStorage", t.key(GATE), 30, new long[] {5, 6}, new long[] {1, 5}))
                            .write(f, z -> {});
                }),
                accept("row-55-tied", f -> {
                    // Another name for the same weights, which no graph asks for, is left alone.
                    Consumer<Pickle> embed =
                            p -> p.tensor("FloatStorage", "0", 42, new long[] {7, 6}, new long[] {6, 1});
                    return new TorchModel()
                            .value("tied.weight", embed)
                            .value(EMBED, embed)
                            .write(f, z -> {});
                }),
                accept(
                        "torch-parameter",
                        f -> new TorchModel()
                                .value(
                                        GATE,
                                        p -> p.global("torch._utils", "_rebuild_parameter")
                                                .op("(")
                                                .tensor("FloatStorage", m.key(GATE), 30, new long[] {5, 6}, new long[] {
                                                    6, 1
                                                })
                                                .raw(0x88)
                                                .ordered()
                                                .op("tR"))
                                .write(f, z -> {})),
                accept(
                        "torch-metadata-of-modules",
                        f -> new TorchModel()
                                .after(p ->
                                        p.op("}").text("_metadata").ordered().op("sb"))
                                .write(f, z -> {})));
    }

    static byte[] transposed(TorchModel m) {
        float[] w = m.floats(GATE);
        java.nio.ByteBuffer out = java.nio.ByteBuffer.allocate(4 * w.length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int c = 0; c < 6; c++) {
            for (int r = 0; r < 5; r++) {
                out.putFloat(w[r * 6 + c]);
            }
        }
        return out.array();
    }

    private static HostileCase model(String name, String message, TorchModel model) {
        return bad(name, message, f -> model.write(f, z -> {}));
    }

    /** What is pushed as the value of one weight. */
    private static HostileCase gate(String name, String message, Consumer<Pickle> push) {
        return model(name, message, new TorchModel().value(GATE, push));
    }

    private static HostileCase gate(String name, String message, Consumer<Pickle> push, Consumer<Pickle> then) {
        return gate(name, message, push.andThen(then));
    }

    private static HostileCase call(String name, String module, String function, String qualified) {
        return gate(
                name,
                AT + "the pickle refers to '" + qualified + "', which is not part of a state dict",
                p -> p.global(module, function).op("(").text("touch executed").op("tR"));
    }

    private static HostileCase storage(String name, String message, String key, long numel) {
        return gate(name, message, p -> p.tensor("FloatStorage", key, numel, new long[] {5, 6}, new long[] {6, 1}));
    }

    private static HostileCase view(String name, String message, long[] size, long[] stride) {
        return view(name, message, size, stride, 0);
    }

    private static HostileCase view(String name, String message, long[] size, long[] stride, long offset) {
        return gate(
                name,
                AT + ".*" + message,
                p -> p.global("torch._utils", "_rebuild_tensor_v2")
                        .op("(")
                        .storage("FloatStorage", new TorchModel().key(GATE), 30, "")
                        .rebuilt(offset, size, stride));
    }
}
