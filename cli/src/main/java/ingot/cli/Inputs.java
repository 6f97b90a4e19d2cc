package ingot.cli;

import ingot.formats.IngotException;
import ingot.formats.json.Json;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Texts that commands read. */
final class Inputs {
    private static final long MAX_TEXT = 1L << 30;

    private Inputs() {}

    /**
     * A whole UTF-8 text. One newline at its end is not part of it: editors put it there, and the field's tools leave it
     * out, too.
     */
    static String text(Path file) {
        byte[] bytes = Json.readBytes(file, MAX_TEXT);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        } catch (CharacterCodingException e) {
            throw IngotException.BadData.in(file, "not UTF-8 text");
        }
    }
}
