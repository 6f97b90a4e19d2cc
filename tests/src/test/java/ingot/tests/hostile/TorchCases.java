package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.accept;
import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.TinyModel.EMBED;
import static ingot.tests.hostile.TinyModel.GATE;

import ingot.tests.hostile.HostileCase.Accepted;
import ingot.tests.torch.Pickle;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Rows 47 to 55: what the pickles of PyTorch files build. */
final class TorchCases {
    static final String FILE = "pytorch_model\\.bin: ";
    static final String AT = FILE + "@\\d+: ";

    private TorchCases() {}

    static List<HostileCase> all() {
        return Stream.of(objects(), storages(), strides(), accepted())
                .flatMap(List::stream)
                .toList();
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
                new HostileCase(
                        "row-55-tied-and-both-asked-for",
                        "f32",
                        f -> {
                            TorchModel t = new TorchModel();
                            return t.value(
                                            "lm_head.weight",
                                            p -> p.tensor(
                                                    "FloatStorage", "0", 42, new long[] {7, 6}, new long[] {6, 1}))
                                    .write(
                                            f,
                                            z -> z.entries.remove(
                                                    z.entry(TorchModel.TOP + "data/" + t.key("lm_head.weight"))));
                        },
                        new Accepted(tied(), 0, "")),
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

    static HostileCase model(String name, String message, TorchModel model) {
        return bad(name, message, f -> model.write(f, z -> {}));
    }

    /** What is pushed as the value of one weight. */
    static HostileCase gate(String name, String message, Consumer<Pickle> push) {
        return model(name, message, new TorchModel().value(GATE, push));
    }

    static HostileCase gate(String name, String message, Consumer<Pickle> push, Consumer<Pickle> then) {
        return gate(name, message, push.andThen(then));
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

    /** The weights where the head is the embedding. */
    private static Map<String, float[]> tied() {
        TinyModel model = new TinyModel();
        Map<String, float[]> values = new HashMap<>(model.values());
        values.put("lm_head.weight", model.value(EMBED).clone());
        return values;
    }
}
