package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One block of a PEM file (RFC 7468); text around the blocks is ignored, as everywhere.
 *
 * @param label between BEGIN and the dashes
 * @param der what the block encodes
 */
record Pem(String label, byte[] der) {
    /** A file of every root certificate a system trusts has a quarter of this. */
    private static final long MAX_FILE = 1 << 20;

    private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----");

    /** The blocks of a file, at least one. */
    static List<Pem> read(Path file) {
        String text = new String(Json.readBytes(file, MAX_FILE), StandardCharsets.ISO_8859_1);
        List<Pem> blocks = new ArrayList<>();
        Matcher begin = BEGIN.matcher(text);
        for (int from = 0; begin.find(from); ) {
            String label = begin.group(1);
            String last = "-----END " + label + "-----";
            int end = text.indexOf(last, begin.end());
            if (end < 0) {
                throw IngotException.BadData.at(file, begin.start(), "PEM block " + label + " has no end");
            }
            blocks.add(new Pem(label, decode(file, begin.start(), label, text.substring(begin.end(), end))));
            from = end + last.length();
        }
        if (blocks.isEmpty()) {
            throw IngotException.BadData.in(file, "not a PEM file: no -----BEGIN … line");
        }
        return blocks;
    }

    private static byte[] decode(Path file, int at, String label, String body) {
        if (body.contains("ENCRYPTED")) {
            throw encrypted(file);
        }
        try {
            return Base64.getDecoder().decode(body.replaceAll("[\r\n\t ]", ""));
        } catch (IllegalArgumentException e) {
            throw new IngotException.BadData(
                    Text.path(file) + ": @" + at + ": PEM block " + label + " is not Base64", e);
        }
    }

    static IngotException.BadData encrypted(Path file) {
        return IngotException.BadData.in(
                file, "the key is encrypted; decrypt it for signing, for example: openssl pkcs8 -in KEY -out PLAIN");
    }

    /** The block as a file of its own: lines of 64 characters, each ended by a line feed. */
    String text() {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }
}
