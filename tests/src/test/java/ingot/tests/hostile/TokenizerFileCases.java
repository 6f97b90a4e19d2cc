package ingot.tests.hostile;

import static ingot.tests.hostile.HostileCase.bad;
import static ingot.tests.hostile.TokenizerCases.JSON;
import static ingot.tests.hostile.TokenizerCases.PAYLOAD;
import static ingot.tests.hostile.TokenizerCases.VOCAB;
import static ingot.tests.hostile.TokenizerCases.tokenizer;

import ingot.tests.hostile.HostileCase.Accepted;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/** Tokenizer files that are no such files, those of Qwen 1 among them, and row 94: the chat template. */
final class TokenizerFileCases {
    private TokenizerFileCases() {}

    static List<HostileCase> all() {
        return Stream.of(files(), templates()).flatMap(List::stream).toList();
    }

    private static List<HostileCase> files() {
        return List.of(
                file("tokenizer-json-truncated", JSON + "@\\d+: malformed JSON", "tokenizer.json", "{\"model\":"),
                file("tokenizer-json-is-null", JSON + "JSON root is not an object", "tokenizer.json", "null"),
                file(
                        "tokenizer-config-is-a-list",
                        "tokenizer_config\\.json: JSON root is not an object",
                        "tokenizer_config.json",
                        "[]"),
                file(
                        "tokenizer-added-tokens-contradict",
                        "tokenizer_config\\.json: .*token id 257 is '<x>' here and '<end>'",
                        "tokenizer_config.json",
                        "{\"added_tokens_decoder\":{\"257\":{\"content\":\"<x>\",\"special\":true}}}"),
                ranks("tokenizer-ranks-not-base64", "qwen\\.tiktoken: .*line 1", "!!!! 0\n"),
                ranks("tokenizer-ranks-without-rank", "qwen\\.tiktoken: .*line 1", "QQ==\n"),
                ranks(
                        "tokenizer-ranks-with-a-hole",
                        "qwen\\.tiktoken: ",
                        allBytes().replace(" 255", " 256")),
                ranks("tokenizer-ranks-duplicate-token", "qwen\\.tiktoken: ", allBytes() + "QQ== 256\n"),
                ranks("tokenizer-ranks-empty", "qwen\\.tiktoken: ", ""));
    }

    private static List<HostileCase> templates() {
        return List.of(
                new HostileCase(
                        "row-94-template-with-payload",
                        "f32",
                        f -> {
                            Files.writeString(f.resolve("chat_template.jinja"), PAYLOAD);
                            return tokenizer(f, VOCAB, root -> {});
                        },
                        new Accepted(new TinyModel(VOCAB).values(), 0, "")),
                file(
                        "row-94-template-is-a-number",
                        "tokenizer_config\\.json: .*chat_template",
                        "tokenizer_config.json",
                        "{\"chat_template\":7}"),
                bad("row-94-template-invalid-utf8", "chat_template\\.jinja: is not valid UTF-8", f -> {
                    Files.write(f.resolve("chat_template.jinja"), new byte[] {(byte) 0xFF});
                    return tokenizer(f, VOCAB, root -> {});
                }));
    }

    private static HostileCase file(String name, String message, String file, String text) {
        return bad(name, message, f -> {
            tokenizer(f, VOCAB, root -> {});
            Files.writeString(f.resolve(file), text);
            return f;
        });
    }

    private static HostileCase ranks(String name, String message, String text) {
        return bad(name, message, f -> {
            Files.write(f.resolve("qwen.tiktoken"), text.getBytes(StandardCharsets.UTF_8));
            return new TinyModel(VOCAB).write(f);
        });
    }

    private static String allBytes() {
        List<String> lines = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            lines.add(Base64.getEncoder().encodeToString(new byte[] {(byte) b}) + " " + b);
        }
        return String.join("\n", lines) + "\n";
    }
}
