package ingot.quant.calibration;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.ingot.Checksum;
import ingot.formats.io.Folders;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import ingot.runtime.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sequences of tokens to calibrate on.
 *
 * @param sequences each at most the length asked for
 * @param name of the data
 * @param sha256 of the data's bytes, in hex
 */
public record CalibrationSet(List<int[]> sequences, String name, String sha256) {
    private static final String DEFAULT = "default.txt";

    public CalibrationSet {
        sequences = List.copyOf(sequences);
    }

    /** Tokens of all sequences. */
    public int tokens() {
        return sequences.stream().mapToInt(s -> s.length).sum();
    }

    /** What goes into the provenance of a file. */
    public ObjectNode toJson() {
        return Json.object()
                .put("data", name)
                .put("sha256", sha256)
                .put("sequences", sequences.size())
                .put("tokens", tokens())
                .put("ids_sha256", idsHash());
    }

    /** Of the numbers themselves, as 32-bit little-endian: tells choices and tokenizers apart. */
    private String idsHash() {
        MessageDigest sha = Checksum.sha256();
        for (int[] sequence : sequences) {
            ByteBuffer bytes =
                    ByteBuffer.allocate((sequence.length + 1) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(sequence.length);
            bytes.asIntBuffer().put(sequence);
            sha.update(bytes.array());
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    /**
     * Reads and cuts the data: whole sequences from the beginning of each text on, a shorter text being a sequence of its
     * own; of those a random choice, in their order, where there are more tokens than asked for.
     *
     * @param tokenizer of the model; a file of token ids needs none
     * @param vocabulary ids must be below it
     */
    public static CalibrationSet read(CalibrationOptions options, Optional<Tokenizer> tokenizer, int vocabulary) {
        String name = options.data().map(Folders::name).orElse("ingot:" + DEFAULT);
        byte[] bytes = options.data().map(CalibrationSet::file).orElseGet(CalibrationSet::bundled);
        String shown = options.data().map(Text::path).orElse(name);
        List<int[]> texts = texts(bytes, tokenizer, shown);
        List<int[]> cut = new ArrayList<>();
        for (int[] text : texts) {
            for (int id : text) {
                if (id < 0 || id >= vocabulary) {
                    throw new IngotException.BadData(shown + ": token " + id + " is outside the model's vocabulary of "
                            + vocabulary + "; use a file made for this model");
                }
            }
            for (int at = 0; at < text.length; at += options.length()) {
                int end = Math.min(text.length, at + options.length());
                if (end - at == options.length() || at == 0) {
                    cut.add(Arrays.copyOfRange(text, at, end));
                }
            }
        }
        if (cut.isEmpty()) {
            throw new IngotException.BadData(shown + ": holds no token; name a longer text");
        }
        List<int[]> chosen = choose(cut, options);
        return new CalibrationSet(
                chosen, name, HexFormat.of().formatHex(Checksum.sha256().digest(bytes)));
    }

    private static List<int[]> choose(List<int[]> all, CalibrationOptions options) {
        long there = all.stream().mapToLong(s -> s.length).sum();
        if (there <= options.tokens()) {
            return all;
        }
        if (there < (long) all.size() * options.length()) {
            return chooseRagged(all, options);
        }
        int wanted = Math.max(1, options.tokens() / options.length());
        // Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S): uniform, and keeps the
        // order.
        SplittableRandom random = new SplittableRandom(options.seed());
        List<int[]> chosen = new ArrayList<>(wanted);
        for (int i = 0; chosen.size() < wanted; i++) {
            if (random.nextInt(all.size() - i) < wanted - chosen.size()) {
                chosen.add(all.get(i));
            }
        }
        return chosen;
    }

    /** Of sequences of many lengths: in a random order those that still fit, at least one. */
    private static List<int[]> chooseRagged(List<int[]> all, CalibrationOptions options) {
        List<Integer> shuffled =
                new ArrayList<>(IntStream.range(0, all.size()).boxed().toList());
        Collections.shuffle(shuffled, new Random(options.seed()));
        List<Integer> taken = new ArrayList<>();
        long left = options.tokens();
        for (int i : shuffled) {
            int length = all.get(i).length;
            if (length <= left || taken.isEmpty()) {
                taken.add(i);
                left -= length;
            }
        }
        return taken.stream().sorted().map(all::get).toList();
    }

    private static byte[] file(Path path) {
        return Json.readBytes(path, JsonBound.INPUT.bytes());
    }

    private static byte[] bundled() {
        try (InputStream in = CalibrationSet.class.getResourceAsStream(DEFAULT)) {
            if (in == null) {
                throw new IllegalStateException(DEFAULT + " is not in the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a file of calibration data holds. */
    private enum Form {
        /** One text. */
        TEXT,
        /** Lines of {@code {"text": …}}. */
        TEXTS,
        /** Lines of {@code {"ids": […]}}. */
        IDS
    }

    /** By the first line: an object with {@code ids} (or what begins as one) or {@code text}, or anything else. */
    private static Form form(byte[] bytes) {
        String line = firstLine(bytes);
        if (line.matches("(?s)\\{\\s*\"ids\"\\s*:.*")) {
            return Form.IDS;
        }
        try {
            ObjectNode node = line.startsWith("{")
                    ? Json.parseObject(line.getBytes(StandardCharsets.UTF_8), Path.of("line"), JsonBound.INPUT)
                    : Json.object();
            return node.has("ids") ? Form.IDS : node.path("text").isString() ? Form.TEXTS : Form.TEXT;
        } catch (IngotException.BadData e) {
            return Form.TEXT;
        }
    }

    private static List<int[]> texts(byte[] bytes, Optional<Tokenizer> tokenizer, String shown) {
        return switch (form(bytes)) {
            case TEXT -> List.of(encode(bytes, tokenizer, shown));
            case IDS -> lines(bytes, shown, CalibrationSet::ids);
            case TEXTS ->
                lines(bytes, shown, (line, where) -> {
                    if (!line.path("text").isString()) {
                        throw new IngotException.BadData(where + ": expected {\"text\": \"…\"}");
                    }
                    return encode(line.get("text").stringValue().getBytes(StandardCharsets.UTF_8), tokenizer, where);
                });
        };
    }

    /** The first line that is not blank, without a byte-order mark. */
    private static String firstLine(byte[] bytes) {
        int at = mark(bytes);
        while (at < bytes.length && Character.isWhitespace(bytes[at])) {
            at++;
        }
        int end = at;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        return new String(bytes, at, end - at, StandardCharsets.UTF_8);
    }

    /** Bytes of the byte-order mark in front, if there is one. */
    private static int mark(byte[] bytes) {
        boolean marked =
                bytes.length > 2 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF;
        return marked ? 3 : 0;
    }

    /** Reads a line that says where it stands. */
    private interface Line {
        int[] read(ObjectNode line, String where);
    }

    private static List<int[]> lines(byte[] bytes, String shown, Line reader) {
        List<int[]> texts = new ArrayList<>();
        int number = 0;
        for (String line :
                new String(bytes, mark(bytes), bytes.length - mark(bytes), StandardCharsets.UTF_8).split("\n")) {
            number++;
            if (!line.isBlank()) {
                String where = shown + " line " + number;
                texts.add(reader.read(
                        Json.parseObject(line.getBytes(StandardCharsets.UTF_8), Path.of(where), JsonBound.INPUT),
                        where));
            }
        }
        return texts;
    }

    private static int[] ids(ObjectNode line, String where) {
        JsonNode ids = line.get("ids");
        if (ids == null || !ids.isArray()) {
            throw new IngotException.BadData(where + ": expected {\"ids\": [numbers]}");
        }
        int[] text = new int[ids.size()];
        for (int i = 0; i < text.length; i++) {
            if (!ids.get(i).isInt()) {
                throw new IngotException.BadData(where + ": id " + i + " is not a whole number");
            }
            text[i] = ids.get(i).intValue();
        }
        return text;
    }

    private static int[] encode(byte[] bytes, Optional<Tokenizer> tokenizer, String shown) {
        Tokenizer encoder = tokenizer.orElseThrow(() -> new IngotException.MissingInput(shown
                + ": is a text, and the model has no tokenizer to read a text with; put its tokenizer.json beside the weights, or"
                + " name a file of token ids, lines {\"ids\": [...]}"));
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return encoder.encode(text);
        } catch (CharacterCodingException e) {
            throw new IngotException.BadData(shown + ": not UTF-8 text, and no file of token ids");
        }
    }
}
