package ingot.formats.json;

import ingot.formats.IngotException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Jackson's tokens as Jackson's tree, one document. Jackson's own way there is a mapper, whose set-up (calendars, locales,
 * serializers) takes longer than reading the header of a model. docs/decisions/0093-first-token.md
 */
final class JsonTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final JsonParser parser;
    private final Path origin;
    private final long maxTokens;
    private final Optional<Json.Elements> elements;
    private long tokens;

    /** Whether the list is open whose elements are not kept. */
    private boolean streaming;

    /** Objects and arrays that are open, the innermost first; the parser bounds their number. */
    private final Deque<JsonNode> open = new ArrayDeque<>();

    /** @param elements a list whose elements are used at once */
    JsonTree(JsonParser parser, Path origin, long maxTokens, Optional<Json.Elements> elements) {
        this.parser = parser;
        this.origin = origin;
        this.maxTokens = maxTokens;
        this.elements = elements;
    }

    /**
     * The document; a missing node where there is nothing.
     *
     * @throws StreamReadException for malformed JSON, and for anything behind the document
     * @throws IngotException.BadData for more than {@code maxTokens} names, values, and ends of objects and arrays
     */
    JsonNode document() {
        JsonToken token = parser.nextToken();
        if (token == null) {
            return NODES.missingNode();
        }
        JsonNode root = node(token);
        while (!open.isEmpty()) {
            token = next();
            if (token == JsonToken.END_OBJECT || token == JsonToken.END_ARRAY) {
                JsonNode done = open.pop();
                if (inList()) {
                    use(done);
                }
                streaming &= open.size() > 1;
            } else if (open.element() instanceof ObjectNode object) {
                String name = parser.currentName();
                boolean inRoot = open.size() == 1;
                object.set(name, node(next()));
                streaming |= inRoot && parser.currentToken() == JsonToken.START_ARRAY && isList(name);
            } else if (open.element() instanceof ArrayNode array) {
                boolean used = inList();
                JsonNode value = node(token);
                if (!used) {
                    array.add(value);
                } else if (value.isValueNode()) {
                    use(value);
                }
            }
        }
        if (parser.nextToken() != null) {
            throw new StreamReadException(parser, "more behind the document", parser.currentTokenLocation());
        }
        return root;
    }

    private boolean isList(String name) {
        return elements.filter(e -> e.name().equals(name)).isPresent();
    }

    /** Whether what is read next, or was just ended, is an element of that list. */
    private boolean inList() {
        return streaming && open.size() == 2;
    }

    private void use(JsonNode element) {
        elements.orElseThrow().use().accept(element);
    }

    /** The next token inside the document: the parser refuses an end there. */
    private JsonToken next() {
        JsonToken token = parser.nextToken();
        if (++tokens > maxTokens) {
            long at = parser.currentTokenLocation().getByteOffset();
            throw IngotException.BadData.at(
                    origin, at, "JSON of more than " + maxTokens + " names, values and brackets is not accepted");
        }
        return token;
    }

    /** What a token begins; an object or array is open and empty. */
    private JsonNode node(JsonToken token) {
        return switch (token) {
            case START_OBJECT -> opened(NODES.objectNode());
            case START_ARRAY -> opened(NODES.arrayNode());
            case VALUE_STRING -> NODES.stringNode(parser.getString());
            case VALUE_NUMBER_INT ->
                switch (parser.getNumberType()) {
                    case INT -> NODES.numberNode(parser.getIntValue());
                    case LONG -> NODES.numberNode(parser.getLongValue());
                    default -> NODES.numberNode(parser.getBigIntegerValue());
                };
            // With their text: 1.0 stays 1.0.
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDecimalValue());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            case VALUE_NULL -> NODES.nullNode();
            case END_OBJECT, END_ARRAY, PROPERTY_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
                throw new IllegalStateException("the parser gave " + token);
        };
    }

    private JsonNode opened(JsonNode container) {
        open.push(container);
        return container;
    }
}
