package ingot.tests.bench;

import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Seeded text of about any size: English prose, Chinese, code, JSON, many scripts and emoji, from the test data. */
final class MixedText {
    private final SplittableRandom random = new SplittableRandom(1);
    private final String english;
    private final String code;
    private final String json;
    private final String scripts;
    /** Tokens of the vocabulary that are Chinese words of two or more characters. */
    private final List<String> chinese = new ArrayList<>();

    MixedText(Path root, Tokenizer tokenizer) throws IOException {
        english = Files.readString(root.resolve("models/calibration.txt"));
        StringBuilder templates = new StringBuilder();
        for (String name : List.of("qwen2.5", "qwen3", "qwen3-coder", "qwen3.5", "qwq")) {
            templates.append(Files.readString(root.resolve("tokenizers/chat-templates/" + name + ".jinja")));
        }
        code = templates.toString();
        json = Files.readString(root.resolve("tokenizers/chat-vectors.jsonl"));
        StringBuilder texts = new StringBuilder();
        Path vectors = root.resolve("tokenizers/qwen/vectors.jsonl");
        for (String line : Files.readAllLines(vectors)) {
            texts.append(Json.parseObject(line.getBytes(StandardCharsets.UTF_8), vectors, JsonBound.INPUT)
                    .get("text")
                    .stringValue());
            texts.append('\n');
        }
        scripts = texts.toString();
        for (int id = 0; id < tokenizer.data().vocabulary().size(); id++) {
            String token = new String(tokenizer.tokenBytes(id), StandardCharsets.UTF_8);
            if (token.length() > 1 && token.chars().allMatch(c -> c >= 0x4e00 && c < 0x9fff)) {
                chinese.add(token);
            }
        }
    }

    /** Documents of about {@code size} bytes each, {@code total} bytes together. */
    List<String> documents(int total, int size) {
        List<String> documents = new ArrayList<>();
        for (int bytes = 0; bytes < total; ) {
            var document = new StringBuilder();
            for (int written = 0; written < size; ) {
                String part = part(Math.min(size, 2048));
                document.append(part);
                written += part.getBytes(StandardCharsets.UTF_8).length;
            }
            documents.add(document.toString());
            bytes += document.toString().getBytes(StandardCharsets.UTF_8).length;
        }
        return documents;
    }

    private String part(int bytes) {
        return switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> cut(english, bytes);
            case 4, 5 -> chinese(bytes);
            case 6, 7 -> cut(code, bytes);
            case 8 -> cut(json, bytes);
            default -> cut(scripts, bytes);
        };
    }

    private String cut(String text, int length) {
        int from = random.nextInt(Math.max(1, text.length() - length));
        int to = Math.min(text.length(), from + length);
        int start = Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from;
        int end = Character.isHighSurrogate(text.charAt(to - 1)) ? to - 1 : to;
        return text.substring(start, Math.max(start, end));
    }

    private String chinese(int bytes) {
        var text = new StringBuilder();
        while (text.length() * 3 < bytes) {
            for (int words = 2 + random.nextInt(7); words > 0; words--) {
                text.append(chinese.get(random.nextInt(chinese.size())));
            }
            text.append(random.nextInt(4) == 0 ? "\u3002\n" : "\uff0c");
        }
        return text.toString();
    }
}
