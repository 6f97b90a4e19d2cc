package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.json.Json;
import ingot.tests.cli.ChildCommand;
import ingot.tests.gguf.GgufWriter;
import ingot.tests.gguf.Tiny;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The most that is read of each kind of file: right up to its bounds, where it takes the most memory. What is wrong about
 * most of them is found only behind all of it.
 */
final class BoundCases {
    /**
     * One of them.
     *
     * @param kind of file, as docs/security.md lists it
     * @param heap in MiB that suffices
     * @param exit code
     * @param message found in what is said; empty where nothing is
     */
    record Bound(String kind, String what, int heap, HostileCase.Maker maker, int exit, String message) {
        @Override
        public String toString() {
            return kind + ", " + what;
        }
    }

    private static final int STEP = 16;

    private static final String LONG = "x".repeat(76);

    private BoundCases() {}

    static List<Bound> all() {
        return Stream.of(json(), tokenizers(), containers(), gguf())
                .flatMap(List::stream)
                .toList();
    }

    /** Converts in a process of as much heap. */
    static ChildCommand.Outcome run(Path source, Path out, int heap) throws IOException, InterruptedException {
        return ChildCommand.run(
                List.of("-Xmx" + heap + "m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                "convert",
                source.toString(),
                "-o",
                out.toString(),
                "--force",
                "--type",
                "f32");
    }

    /** Prints the smallest heap for each kind of file, in steps of {@value #STEP} MiB: the table of docs/security.md. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path scratch = Files.createTempDirectory("ingot-bounds");
        try {
            for (Bound bound : all()) {
                if (args.length > 0 && !bound.toString().contains(args[0])) {
                    continue;
                }
                Path model = bound.maker().make(Files.createDirectory(scratch.resolve("model")));
                int low = 2;
                int high = 48;
                ChildCommand.Outcome last = run(model, scratch.resolve("x.ingot"), STEP * high);
                int exit = last.exit();
                while (low < high) {
                    int middle = (low + high) / 2;
                    boolean suffices = run(model, scratch.resolve("x.ingot"), STEP * middle)
                                    .exit()
                            == exit;
                    low = suffices ? low : middle + 1;
                    high = suffices ? middle : high;
                }
                System.out.println(
                        "| " + bound.kind() + " | " + bound.what() + " | " + STEP * high + " | " + exit + " |");
                if (exit != bound.exit() || !last.err().matches("(?s).*(" + bound.message() + ").*")) {
                    System.out.println("  expected " + bound.exit() + ", " + bound.message() + ": " + last.err());
                }
                Trees.delete(scratch.resolve("model"));
            }
        } finally {
            Trees.delete(scratch);
        }
    }

    private static List<Bound> json() {
        return List.of(
                new Bound(
                        "config.json",
                        "values",
                        96,
                        f -> {
                            Path model = new TinyModel().write(f);
                            // Five tokens each.
                            filled(model.resolve("config.json"), "{\"a\":[", 104_000, i -> "{\"a\":{}}", 8 << 20);
                            return model;
                        },
                        78,
                        "no 'model_type'"),
                new Bound(
                        "config.json",
                        "one string",
                        96,
                        f -> {
                            Path model = new TinyModel().write(f);
                            string(model.resolve("config.json"), "{\"a\":\"", (8 << 20) - 8);
                            return model;
                        },
                        78,
                        "no 'model_type'"),
                new Bound(
                        "tokenizer_config.json",
                        "values",
                        96,
                        f -> {
                            Path model = TokenizerCases.tokenizer(f, 258, root -> {});
                            filled(
                                    model.resolve("tokenizer_config.json"),
                                    "{\"a\":[",
                                    104_000,
                                    i -> "{\"a\":{}}",
                                    4 << 20);
                            return model;
                        },
                        0,
                        ""),
                new Bound(
                        "index",
                        "tensors",
                        256,
                        f -> {
                            new TinyModel().write(f);
                            Path index = f.resolve("model.safetensors.index.json");
                            filled(
                                    index,
                                    "{\"weight_map\":{",
                                    (1 << 19) - 10,
                                    i -> "\"" + LONG + i + "\":\"model.safetensors\"",
                                    0);
                            return index;
                        },
                        65,
                        "does not put it into this shard"),
                new Bound(
                        "index",
                        "one string",
                        416,
                        f -> {
                            new TinyModel().write(f);
                            Path index = f.resolve("model.safetensors.index.json");
                            string(index, "{\"weight_map\":{\"a\":\"", (64 << 20) - 30, "}");
                            return index;
                        },
                        65,
                        "shard name 'x{79}…' of \\d+ characters"));
    }

    /** Names and numbers, each distinct; nothing is pieced together of what is before it. */
    private static List<Bound> tokenizers() {
        int n = 1 << 19;
        return List.of(
                new Bound(
                        "tokenizer.json",
                        "values",
                        384,
                        f -> {
                            Path model = new TinyModel().write(f);
                            // Five tokens each, and text up to the bound.
                            filled(model.resolve("tokenizer.json"), "{\"a\":[", 838_000, i -> "{\"a\":{}}", 64 << 20);
                            return model;
                        },
                        65,
                        ""),
                new Bound(
                        "tokenizer.json",
                        "tokens and merges",
                        320,
                        f -> {
                            Path model = new TinyModel().write(f);
                            try (BufferedWriter out = Files.newBufferedWriter(model.resolve("tokenizer.json"))) {
                                out.write("{\"model\":{\"type\":\"BPE\",\"vocab\":{");
                                for (int i = 0; i < n; i++) {
                                    out.write((i == 0 ? "" : ",") + "\"x" + i + "yyyyyyyyyyyyyyyy\":" + i);
                                }
                                out.write("},\"merges\":[");
                                for (int i = 0; i < n; i++) {
                                    out.write((i == 0 ? "" : ",") + "[\"x" + i + "yyyyyyyyyyyyyyyy\",\"x" + i + "\"]");
                                }
                                out.write("]}}");
                            }
                            return model;
                        },
                        65,
                        ""),
                new Bound(
                        "tokenizer.json",
                        "one string",
                        416,
                        f -> {
                            Path model = new TinyModel().write(f);
                            string(model.resolve("tokenizer.json"), "{\"a\":\"", (64 << 20) - 10);
                            return model;
                        },
                        65,
                        ""));
    }

    private static List<Bound> containers() {
        return List.of(
                new Bound(
                        "safetensors",
                        "249,999 tensors",
                        256,
                        f -> {
                            TinyModel model = new TinyModel();
                            int own = model.tensors().size();
                            StringBuilder more = new StringBuilder();
                            for (int i = 0; i < 249_999 - own; i++) {
                                more.append("\"extra.")
                                        .append("y".repeat(50))
                                        .append(i)
                                        .append('"');
                                more.append(TinyModel.entry("U8", "[0]", "0,0")).append(',');
                            }
                            return model.header(h -> "{" + more + h.substring(1))
                                    .write(f);
                        },
                        0,
                        ""),
                new Bound(
                        ".ingot",
                        "tensors in the manifest",
                        640,
                        f -> ingot(f, m -> {
                            ArrayNode tensors = (ArrayNode) m.path("tensors");
                            ObjectNode first = (ObjectNode) tensors.get(0);
                            for (int i = 0; i < 180_000; i++) {
                                ObjectNode t = first.deepCopy().put("name", LONG + i);
                                t.set("parts", Json.array().add(LONG + i));
                                tensors.add(t);
                            }
                        }),
                        65,
                        "the manifest names it, the file does not hold it"),
                new Bound(
                        ".ingot",
                        "one string in the manifest",
                        640,
                        f -> ingot(f, m -> m.put("a", "x".repeat(60 << 20))),
                        0,
                        ""),
                new Bound(
                        "PyTorch, archive",
                        "99,999 entries",
                        128,
                        f -> new TorchModel().write(f, z -> {
                            z.zip64 = true;
                            z.hidden = true;
                            for (int i = z.entries.size(); i < 99_999; i++) {
                                z.add(TorchModel.TOP + "data/" + "9".repeat(40) + i, new byte[0]);
                            }
                        }),
                        0,
                        ""),
                new Bound(
                        "experts as one tensor",
                        "196,608 matrices",
                        256,
                        f -> {
                            TinyModel model = new TinyModel();
                            for (int i = 0; i < 16; i++) {
                                String experts = "model.layers." + i + ".mlp.experts.";
                                model.tensor(experts + "gate_up_proj", "F8_E4M3", "[4096,2,1]", new byte[8192]);
                                model.tensor(experts + "down_proj", "F8_E4M3", "[4096,1,1]", new byte[4096]);
                            }
                            return model.write(f);
                        },
                        78,
                        ""));
    }

    private static List<Bound> gguf() {
        // One wide character makes the heap keep two bytes for each.
        String wide = "\u4e00" + "x".repeat((4 << 20) - 3);
        return List.of(
                new Bound(
                        "GGUF",
                        "texts of metadata",
                        160,
                        f -> {
                            GgufWriter w = Tiny.model();
                            for (int i = 0; i < 7; i++) {
                                w.text("general.text" + i, wide);
                            }
                            return w.write(f.resolve("x.gguf"));
                        },
                        0,
                        ""),
                new Bound(
                        "GGUF",
                        "tokens and merges",
                        256,
                        f -> Tiny.model()
                                .text("tokenizer.ggml.model", "gpt2")
                                .text("tokenizer.ggml.pre", "qwen2")
                                .strings("tokenizer.ggml.tokens", numbered("token"))
                                .ints("tokenizer.ggml.token_type", java.util.Collections.nCopies(1 << 19, 1))
                                .strings("tokenizer.ggml.merges", numbered("merge"))
                                .write(f.resolve("x.gguf")),
                        65,
                        ""),
                new Bound(
                        "GGUF",
                        "65,536 tensors",
                        128,
                        f -> {
                            GgufWriter w = Tiny.model();
                            for (int i = 15; i < 1 << 16; i++) {
                                w.tensor("x".repeat(120) + i, 0, new byte[4], 1);
                            }
                            return w.write(f.resolve("x.gguf"));
                        },
                        78,
                        ""));
    }

    private static List<String> numbered(String what) {
        return new AbstractList<>() {
            @Override
            public String get(int i) {
                return what + i;
            }

            @Override
            public int size() {
                return 1 << 19;
            }
        };
    }

    private static Path ingot(Path folder, java.util.function.Consumer<ObjectNode> edit) throws IOException {
        Path file = folder.resolve("x.ingot");
        return Files.write(
                file, IngotBytes.of(IngotBytes.tiny("f32")).manifest(edit).seal());
    }

    /** {@code open}, items with commas between, and the ends; blanks up to {@code bytes}. */
    private static void filled(Path file, String open, int n, IntFunction<String> item, int bytes) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            out.write(open);
            long written = open.length();
            for (int i = 0; i < n; i++) {
                String next = (i == 0 ? "" : ",") + item.apply(i);
                out.write(next);
                written += next.length();
            }
            out.write(open.endsWith("[") ? "]}" : "}}");
            out.write(" ".repeat((int) Math.max(0, bytes - written - 2)));
        }
    }

    private static void string(Path file, String open, int length, String... close) throws IOException {
        byte[] text = new byte[length];
        Arrays.fill(text, (byte) 'x');
        try (var out = Files.newOutputStream(file)) {
            out.write(open.getBytes(UTF_8));
            out.write(text);
            out.write(("\"}" + String.join("", close)).getBytes(UTF_8));
        }
    }
}
