package ingot.formats.json;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The one way Ingot reads and writes JSON: UTF-8 without byte-order mark, one document, no duplicate keys at any level,
 * depth at most {@value #MAX_DEPTH}, sizes bounded by the caller. Jackson 3 does the parsing.
 */
public final class Json {
    /** Deepest nesting accepted; config.json and tokenizer.json of published models stay below 12. */
    public static final int MAX_DEPTH = 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(100)
                    .maxNameLength(200_000)
                    .maxStringLength(120_000_000)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Many names that are alike look like an attack to it, by its random seed in some processes; their number
            // is bounded, and the seed keeps others from choosing names that collide.
            .disable(TokenStreamFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
            .build();

    /** For headers with many names: a symbol table would keep every one of them alive. */
    private static final JsonFactory STREAM_FACTORY = FACTORY.rebuild()
            .disable(JsonFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    /** Writes trees; made when something is written. */
    private static final class Writer {
        private static final JsonMapper MAPPER = JsonMapper.builder(FACTORY).build();
    }

    private Json() {}

    /** Reads a whole file that must hold one JSON object within a bound. */
    public static ObjectNode readObject(Path file, JsonBound bound) {
        return parseObject(readBytes(file, bound.bytes()), file, bound);
    }

    /** Reads a whole small file, bounded. */
    public static byte[] readBytes(Path file, long maxBytes) {
        try {
            if (!Files.isRegularFile(file)) {
                if (!Files.exists(file)) {
                    throw new IngotException.MissingInput(Text.path(file) + ": no such file");
                }
                throw IngotException.BadData.in(file, "not a regular file");
            }
            long size = Files.size(file);
            if (size > maxBytes) {
                throw IngotException.BadData.in(file, size + " bytes; at most " + maxBytes + " are accepted");
            }
            // Files of the kernel have no size: what is read counts, not what is said.
            try (var in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(Math.toIntExact(Math.min(maxBytes + 1, Integer.MAX_VALUE)));
                if (bytes.length > maxBytes) {
                    throw IngotException.BadData.in(file, "more than " + maxBytes + " bytes are not accepted");
                }
                return bytes;
            }
        } catch (IOException e) {
            throw InputFile.failure(file, e);
        }
    }

    /** Parses one JSON object; {@code origin} is named in errors. */
    public static ObjectNode parseObject(byte[] utf8, Path origin, JsonBound bound) {
        return object(parse(utf8, origin, bound), origin);
    }

    private static ObjectNode object(JsonNode root, Path origin) {
        if (root instanceof ObjectNode object) {
            return object;
        }
        throw IngotException.BadData.in(origin, "JSON root is not an object");
    }

    /**
     * The elements of one list of a document, each used as soon as it is read and not kept.
     *
     * @param name of the list, in the root
     */
    public record Elements(String name, Consumer<JsonNode> use) {}

    /** {@link #parseObject(byte[], Path, JsonBound)} where one list has most of the document; it is empty in what is returned. */
    public static ObjectNode parseObject(byte[] utf8, Path origin, JsonBound bound, Elements elements) {
        return object(parse(utf8, origin, bound, Optional.of(elements)), origin);
    }

    /** Parses one JSON document of any kind; {@code origin} is named in errors. */
    public static JsonNode parse(byte[] utf8, Path origin, JsonBound bound) {
        return parse(utf8, origin, bound, Optional.empty());
    }

    private static JsonNode parse(byte[] utf8, Path origin, JsonBound bound, Optional<Elements> elements) {
        if (utf8.length > bound.bytes()) {
            throw IngotException.BadData.in(
                    origin, utf8.length + " bytes of JSON; at most " + bound.bytes() + " are accepted");
        }
        requireUtf8(utf8, origin, 0);
        new JsonStrings(bound.string(), Map.of()).require(utf8, origin, 0);
        try {
            return new JsonTree(FACTORY.createParser(ObjectReadContext.empty(), utf8), origin, bound.tokens(), elements)
                    .document();
        } catch (JacksonException e) {
            throw bad(e, utf8, origin, 0);
        } catch (NumberFormatException e) {
            // Not one of Jackson's own: an exponent like 1e-99999999999 fails in its parser of decimals.
            throw IngotException.BadData.in(origin, "malformed JSON: " + Text.reason(e));
        }
    }

    /**
     * A token stream over strict JSON, for headers too large for a tree. Errors are turned by {@link #bad}.
     *
     * @param base where in the file the JSON starts
     */
    public static JsonParser stream(byte[] utf8, Path origin, long base) {
        requireUtf8(utf8, origin, base);
        return STREAM_FACTORY.createParser(ObjectReadContext.empty(), utf8);
    }

    /** Jackson's complaint as ours: one line, file and byte offset ({@code base} is where the JSON starts). */
    public static IngotException.BadData bad(JacksonException e, byte[] utf8, Path origin, long base) {
        var where = e.getLocation();
        boolean placed = where != null && (where.getByteOffset() >= 0 || where.getCharOffset() >= 0);
        long offset = placed ? offset(where, utf8) : -1;
        String reason = "malformed JSON: " + Text.line(e.getOriginalMessage());
        return offset < 0
                ? IngotException.BadData.in(origin, reason)
                : IngotException.BadData.at(origin, base + offset, reason);
    }

    /** The byte of {@code utf8} at which a parser is: some count characters. */
    public static long offset(TokenStreamLocation where, byte[] utf8) {
        if (where.getByteOffset() >= 0) {
            return where.getByteOffset();
        }
        long chars = where.getCharOffset();
        int at = 0;
        for (; at < utf8.length; at++) {
            int b = utf8[at] & 0xFF;
            boolean continues = (b & 0xC0) == 0x80;
            if (!continues && chars <= 0) {
                break;
            }
            // Four bytes are a pair of surrogates.
            chars -= continues ? 0 : b >= 0xF0 ? 2 : 1;
        }
        return at;
    }

    /** A number as a double: infinite where a double cannot hold it, NaN for anything but a number. */
    public static double number(JsonNode value) {
        return value.isNumber() ? value.decimalValue().doubleValue() : Double.NaN;
    }

    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    public static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /** Compact JSON in UTF-8 text. */
    public static String compact(JsonNode node) {
        return Writer.MAPPER.writeValueAsString(node);
    }

    /** Indented JSON for people. */
    public static String pretty(JsonNode node) {
        return Writer.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node);
    }

    private static void requireUtf8(byte[] utf8, Path origin, long base) {
        if (utf8.length >= 3 && utf8[0] == (byte) 0xEF && utf8[1] == (byte) 0xBB && utf8[2] == (byte) 0xBF) {
            throw IngotException.BadData.in(origin, "byte-order mark before the JSON; expected plain UTF-8");
        }
        // Decoded piecewise into a small buffer: a 100 MB header must not cost 200 MB more.
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(utf8);
        CharBuffer scratch = CharBuffer.allocate(8192);
        CoderResult result;
        do {
            scratch.clear();
            result = decoder.decode(in, scratch, true);
        } while (result.isOverflow());
        if (result.isError()) {
            throw IngotException.BadData.at(origin, base + in.position(), "JSON is not valid UTF-8");
        }
        // The parser takes these for UTF-16 or UTF-32, where other bytes are quotes than JsonStrings looked for.
        for (int i = 0; i < Math.min(4, utf8.length); i++) {
            if (utf8[i] == 0) {
                throw IngotException.BadData.at(
                        origin, base + i, "malformed JSON: a NUL byte at its beginning; expected plain UTF-8");
            }
        }
    }
}
