package ingot.formats.safetensors;

import ingot.formats.DType;
import ingot.formats.IngotException;
import ingot.formats.Shape;
import ingot.formats.TensorInfo;
import ingot.formats.TensorNames;
import ingot.formats.Text;
import ingot.formats.json.Json;
import ingot.formats.json.JsonStrings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;

/**
 * The JSON header of a safetensors file, read as a token stream so that its memory is the tensors' and no more.
 *
 * <p>Rules: the root is an object; {@code __metadata__} maps strings to strings; every other key is a tensor
 * {@code {"dtype", "shape", "data_offsets": [begin, end]}}; no duplicate keys at any level; sorted by offset the tensors
 * cover the data exactly, without holes or overlap. Source: the safetensors format description and reference parser.
 */
final class HeaderParser {
    /** More tensors than any published shard has, few enough to stay within the memory bound of a hostile header. */
    static final int MAX_TENSORS = 250_000;

    /** Published files have one or two strings of metadata; an .ingot file has three. */
    static final int MAX_METADATA = 10_000;

    /** Fields of an entry; the format knows three. */
    static final int MAX_FIELDS = 16;

    static final int MAX_RANK = 16;

    /** Characters of all names and metadata; a manifest has a bound of its own. */
    static final int MAX_TEXT = 16 << 20;

    /** Nothing that is published has long ones but .ingot files: the manifest of 250,000 tensors. */
    private static final JsonStrings STRINGS =
            new JsonStrings(1 << 20, Map.of(SafetensorsFile.LONG_KEY, (long) (64 << 20)));

    /** Where the header starts in the file, behind its length. */
    private static final int START = 8;

    private final JsonParser p;
    private final byte[] json;
    private final Path file;
    private final long dataStart;
    private final long dataBytes;
    private final boolean keepsMetadata;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<TensorInfo> tensors = new ArrayList<>();
    private long kept;

    private HeaderParser(JsonParser p, byte[] json, Path file, long dataStart, long dataBytes, boolean keepsMetadata) {
        this.p = p;
        this.json = json;
        this.file = file;
        this.dataStart = dataStart;
        this.dataBytes = dataBytes;
        this.keepsMetadata = keepsMetadata;
    }

    /** What a header says: free-form metadata, and the tensors in the order of their offsets. */
    record Header(SequencedMap<String, TensorInfo> tensors, Map<String, String> metadata) {}

    /** @param keepsMetadata whether the strings of the metadata are kept; else the manifest is not even copied */
    static Header parse(byte[] json, Path file, long dataStart, long dataBytes, boolean keepsMetadata) {
        STRINGS.require(json, file, START);
        try (JsonParser p = Json.stream(json, file, START)) {
            HeaderParser parser = new HeaderParser(p, json, file, dataStart, dataBytes, keepsMetadata);
            parser.root();
            return parser.finish();
        } catch (JacksonException e) {
            throw Json.bad(e, json, file, START);
        }
    }

    private void root() {
        if (p.nextToken() != JsonToken.START_OBJECT) {
            throw bad("the header is not a JSON object");
        }
        while (p.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = p.currentName();
            p.nextToken();
            if (name.equals("__metadata__")) {
                metadata();
            } else {
                tensor(name);
            }
        }
        if (p.nextToken() != null) {
            throw bad("bytes after the header's JSON object");
        }
    }

    private void metadata() {
        if (p.currentToken() != JsonToken.START_OBJECT) {
            throw bad("__metadata__ is not an object");
        }
        int keys = 0;
        while (p.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = p.currentName();
            if (p.nextToken() != JsonToken.VALUE_STRING) {
                throw bad("__metadata__ key " + Text.quote(key) + " is not a string; only strings are allowed");
            }
            if (keys++ == MAX_METADATA) {
                throw bad("__metadata__ has more than " + MAX_METADATA + " keys");
            }
            keep(key.length());
            if (!key.equals(SafetensorsFile.LONG_KEY)) {
                keep(p.getStringLength());
            }
            if (keepsMetadata) {
                metadata.put(key, p.getString());
            }
        }
    }

    private void keep(int characters) {
        kept += characters;
        if (kept > MAX_TEXT) {
            throw bad("names and metadata of more than " + MAX_TEXT + " characters");
        }
    }

    private void tensor(String name) {
        TokenStreamLocation at = p.currentTokenLocation();
        TensorNames.fault(name).ifPresent(reason -> {
            throw bad(name, reason);
        });
        keep(name.length());
        if (tensors.size() == MAX_TENSORS) {
            throw bad("more than " + MAX_TENSORS + " tensors in one file");
        }
        if (p.currentToken() != JsonToken.START_OBJECT) {
            throw bad(name, "its entry is not an object");
        }
        DType dtype = null;
        long[] shape = null;
        long[] offsets = null;
        for (int fields = 0; p.nextToken() == JsonToken.PROPERTY_NAME; fields++) {
            String field = p.currentName();
            p.nextToken();
            if (fields == MAX_FIELDS) {
                throw bad(name, "its entry has more than " + MAX_FIELDS + " fields");
            }
            switch (field) {
                case "dtype" -> dtype = dtype(name);
                case "shape" -> shape = longs(name, "shape", MAX_RANK);
                case "data_offsets" -> offsets = longs(name, "data_offsets", 2);
                default -> requireScalar(name, field);
            }
        }
        tensors.add(info(name, at, dtype, shape, offsets));
    }

    /** A later version of the format may say more about a tensor, but a whole document is not read for nothing. */
    private void requireScalar(String name, String field) {
        if (p.currentToken().isStructStart()) {
            throw bad(name, "unknown field " + Text.quote(field) + " holds an object or array");
        }
    }

    private DType dtype(String name) {
        if (p.currentToken() != JsonToken.VALUE_STRING) {
            throw bad(name, "dtype is not a string");
        }
        String label = p.getString();
        return DType.byLabel(label).orElseThrow(() -> bad(name, "unknown dtype " + Text.quote(label)));
    }

    private long[] longs(String name, String field, int max) {
        if (p.currentToken() != JsonToken.START_ARRAY) {
            throw bad(name, field + " is not an array");
        }
        long[] values = new long[max];
        int n = 0;
        while (p.nextToken() != JsonToken.END_ARRAY) {
            if (n == max) {
                throw bad(name, field + " has more than " + max + " numbers");
            }
            if (p.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || p.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                    || p.getLongValue() < 0) {
                throw bad(name, field + " holds " + Text.quote(p.getString()) + "; expected integers from 0 to 2^63-1");
            }
            values[n++] = p.getLongValue();
        }
        return java.util.Arrays.copyOf(values, n);
    }

    /** @param at where the entry begins */
    private TensorInfo info(
            String name,
            TokenStreamLocation at,
            @Nullable DType dtype,
            long @Nullable [] shape,
            long @Nullable [] offsets) {
        if (dtype == null || shape == null || offsets == null) {
            throw bad(name, at, "its entry lacks dtype, shape or data_offsets");
        }
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw bad(name, at, "data_offsets are not [begin, end] with begin <= end");
        }
        if (offsets[1] > dataBytes) {
            throw bad(
                    name,
                    at,
                    "data ends at byte " + offsets[1] + " of " + dataBytes + "; the file is cut short or lies");
        }
        long bits;
        try {
            bits = dtype.bits();
            for (long d : shape) {
                bits = Math.multiplyExact(bits, d);
            }
        } catch (ArithmeticException e) {
            throw bad(name, at, "shape × bits overflows 64 bits");
        }
        if (bits % 8 != 0) {
            throw bad(name, at, "shape × bits is not a whole number of bytes");
        }
        if (bits / 8 != offsets[1] - offsets[0]) {
            throw bad(name, at, "shape needs " + bits / 8 + " bytes, data_offsets give " + (offsets[1] - offsets[0]));
        }
        return new TensorInfo(name, dtype, new Shape(shape), file, dataStart + offsets[0], bits / 8);
    }

    private Header finish() {
        tensors.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::bytes));
        long expected = dataStart;
        SequencedMap<String, TensorInfo> byName = LinkedHashMap.newLinkedHashMap(tensors.size());
        for (TensorInfo t : tensors) {
            if (t.offset() != expected) {
                throw IngotException.BadData.tensor(
                        file,
                        t.name(),
                        t.offset(),
                        (t.offset() > expected ? "hole" : "overlap") + ": the tensor before ends at " + expected);
            }
            expected = t.offset() + t.bytes();
            byName.put(t.name(), t);
        }
        if (expected != dataStart + dataBytes) {
            throw IngotException.BadData.at(
                    file, expected, (dataStart + dataBytes - expected) + " bytes after the last tensor");
        }
        return new Header(byName, Map.copyOf(metadata));
    }

    private long offset(TokenStreamLocation where) {
        return START + Json.offset(where, json);
    }

    private IngotException.BadData bad(String reason) {
        return IngotException.BadData.at(file, offset(p.currentTokenLocation()), reason);
    }

    private IngotException.BadData bad(String name, String reason) {
        return bad(name, p.currentTokenLocation(), reason);
    }

    private IngotException.BadData bad(String name, TokenStreamLocation at, String reason) {
        return IngotException.BadData.tensor(file, name, offset(at), reason);
    }
}
