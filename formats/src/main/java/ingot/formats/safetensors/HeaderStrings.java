package ingot.formats.safetensors;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ingot.formats.IngotException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Looks at the strings of a long header before a parser copies one: it takes four bytes for each of a string. Nothing that
 * is published has a long one but .ingot files, whose manifest is one.
 */
final class HeaderStrings {
    private static final int MAX_STRING = 1 << 20;
    /** What the manifest of 250,000 tensors takes. */
    private static final int MAX_LONG = 64 << 20;

    private static final byte[] LONG_KEY = SafetensorsFile.LONG_KEY.getBytes(US_ASCII);

    private HeaderStrings() {}

    /** @param base where in the file the JSON starts */
    static void require(byte[] json, Path file, long base) {
        if (json.length <= MAX_STRING) {
            return;
        }
        int keyFrom = 0;
        int keyTo = 0;
        int i = 0;
        while (i < json.length) {
            if (json[i++] != '"') {
                continue;
            }
            int from = i;
            while (i < json.length && json[i] != '"') {
                i += json[i] == '\\' ? 2 : 1;
            }
            int to = Math.min(i, json.length);
            int max = Arrays.equals(json, keyFrom, keyTo, LONG_KEY, 0, LONG_KEY.length) ? MAX_LONG : MAX_STRING;
            if (to - from > max) {
                throw IngotException.BadData.at(
                        file, base + from, "a string of " + (to - from) + " bytes; at most " + max + " are accepted");
            }
            keyFrom = from;
            keyTo = to;
            i++;
        }
    }
}
