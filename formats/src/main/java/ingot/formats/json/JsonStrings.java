package ingot.formats.json;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ingot.formats.IngotException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * Looks at the strings of a long document before a parser copies one: it takes four bytes for each of a string, and twice as
 * much where one character is beyond Latin-1.
 *
 * @param max most bytes of a string as it is written
 * @param longer the same for the values of single names
 */
public record JsonStrings(long max, Map<String, Long> longer) {
    /** @param base where in the file the JSON starts */
    public void require(byte[] json, Path file, long base) {
        if (json.length <= max) {
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
            long most = to - from > max ? most(json, keyFrom, keyTo) : max;
            if (to - from > most) {
                throw IngotException.BadData.at(
                        file, base + from, "a string of " + (to - from) + " bytes; at most " + most + " are accepted");
            }
            keyFrom = from;
            keyTo = to;
            i++;
        }
    }

    /** What the name before allows. */
    private long most(byte[] json, int from, int to) {
        for (var name : longer.entrySet()) {
            byte[] key = name.getKey().getBytes(US_ASCII);
            if (Arrays.equals(json, from, to, key, 0, key.length)) {
                return name.getValue();
            }
        }
        return max;
    }
}
