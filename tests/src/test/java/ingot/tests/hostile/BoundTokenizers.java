package ingot.tests.hostile;

import static ingot.tests.hostile.BoundText.filled;
import static ingot.tests.hostile.BoundText.string;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import ingot.formats.json.Json;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** Of the files of a tokenizer. */
final class BoundTokenizers {
    private BoundTokenizers() {}

    /** Names and numbers, each distinct; nothing is pieced together of what is before it. */
    static List<Bound> all() {
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
                        128,
                        f -> {
                            Path model = new TinyModel().write(f);
                            string(model.resolve("tokenizer.json"), "{\"a\":\"", (64 << 20) - 10);
                            return model;
                        },
                        65,
                        "a string of \\d+ bytes; at most 1048576 are accepted"),
                new Bound(
                        "qwen.tiktoken",
                        "524,288 tokens",
                        64,
                        f -> {
                            Path model = new TinyModel(n + 256).write(f);
                            try (var out =
                                    new BufferedOutputStream(Files.newOutputStream(model.resolve("qwen.tiktoken")))) {
                                for (int i = 0; i < n; i++) {
                                    out.write((Base64.getEncoder().encodeToString(rankToken(i)) + " " + i + "\n")
                                            .getBytes(US_ASCII));
                                }
                            }
                            return model;
                        },
                        0,
                        ""),
                new Bound(
                        "merges.txt",
                        "17 million lines",
                        288,
                        f -> {
                            Path model = new TinyModel().write(f);
                            Files.writeString(
                                    model.resolve("vocab.json"), Json.compact(TokenizerCases.byteVocabulary()));
                            byte[] lines = new byte[32 << 20];
                            for (int i = 0; i < lines.length; i++) {
                                lines[i] = (byte) (i % 2 == 0 ? 'x' : '\n');
                            }
                            // The letter that stands for a blank: two bytes of heap for each of all characters.
                            System.arraycopy("\u0120\n".getBytes(UTF_8), 0, lines, 0, 3);
                            Files.write(model.resolve("merges.txt"), lines);
                            return model;
                        },
                        65,
                        "1677721\\d merges; at most 524288 are accepted"),
                new Bound(
                        "qwen.tiktoken",
                        "four million lines",
                        64,
                        f -> {
                            Path model = new TinyModel().write(f);
                            Files.writeString(model.resolve("qwen.tiktoken"), "x\n".repeat(4 << 20));
                            return model;
                        },
                        65,
                        "4194304 tokens; at most 524288 are accepted"));
    }

    /** All single bytes, all pairs, then pairs with a byte behind: each is a merge of two before it. */
    private static byte[] rankToken(int i) {
        if (i < 256) {
            return new byte[] {(byte) i};
        }
        int pair = i - 256;
        if (pair < 1 << 16) {
            return new byte[] {(byte) (pair >> 8), (byte) pair};
        }
        int three = pair - (1 << 16);
        return new byte[] {(byte) (three >> 16), (byte) (three >> 8), (byte) three};
    }
}
