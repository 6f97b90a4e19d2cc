package ingot.runtime.tokenizer;

import ingot.formats.tokenizer.AddedToken;
import ingot.formats.tokenizer.Normalization;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.formats.tokenizer.TokenizerData;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A byte-level byte-pair tokenizer, token for token equal to the Hugging Face tokenizers library on the Qwen
 * tokenizers. Immutable: one for all threads.
 *
 * <pre>{@code
 * var tokenizer = Tokenizer.of(TokenizerReader.read(folder));
 * int[] ids = tokenizer.encode("Hello world");
 * String text = tokenizer.decode(ids);
 * }</pre>
 */
public final class Tokenizer {
    private static final byte[] NOTHING = new byte[0];

    private final TokenizerData data;
    private final MergeTable merges;
    private final PreTokenizer preTokenizer;
    /** Added tokens looked for in the text as given, and those looked for after normalization. */
    private final AddedTokenMatcher rawMatcher;

    private final AddedTokenMatcher normalizedMatcher;
    private final Map<Integer, AddedToken> addedById = new HashMap<>();
    private final Map<String, AddedToken> addedByContent = new HashMap<>();

    private Tokenizer(TokenizerData data) {
        this.data = data;
        this.merges = new MergeTable(data.vocabulary(), data.merges());
        this.preTokenizer = new PreTokenizer(data.preTokenization());
        this.rawMatcher = matcher(false);
        this.normalizedMatcher = matcher(true);
        for (AddedToken token : data.addedTokens()) {
            addedById.put(token.id(), token);
            addedByContent.put(token.content(), token);
        }
    }

    /** The tokenizer that the data describes; its merge table is built here, in a few milliseconds. */
    public static Tokenizer of(TokenizerData data) {
        return new Tokenizer(data);
    }

    /** What it was made from. */
    public TokenizerData data() {
        return data;
    }

    /** Roles and chat templates. */
    public TokenizerConfig config() {
        return data.config();
    }

    /** The tokens of a text, added tokens recognized, nothing put before or behind it. */
    public int[] encode(String text) {
        return encode(text, AddedTokenParsing.RECOGNIZE);
    }

    /** The tokens of a text; lone surrogates count as U+FFFD. Time and memory are O(n log n) and O(n) for any text. */
    public int[] encode(String text, AddedTokenParsing parsing) {
        byte[] utf8 = Utf8.encode(text);
        return new Encoding(utf8.length, parsing).encode(new Utf8Slice(utf8, 0, utf8.length));
    }

    /** The text of the tokens, special tokens included; invalid UTF-8 becomes U+FFFD. */
    public String decode(int[] ids) {
        return decode(ids, SpecialTokens.KEEP);
    }

    /** The text of the tokens. Ids that stand for nothing (rows that pad the embedding) decode to nothing. */
    public String decode(int[] ids, SpecialTokens specialTokens) {
        byte[] bytes = decodeBytes(ids, specialTokens);
        return Utf8.decode(bytes, bytes.length);
    }

    /** The bytes of the tokens, which need not be whole characters. */
    public byte[] decodeBytes(int[] ids, SpecialTokens specialTokens) {
        var out = new ByteArrayOutputStream(ids.length * 4);
        for (int id : ids) {
            out.writeBytes(tokenBytes(id, specialTokens));
        }
        return out.toByteArray();
    }

    /** Decodes one token at a time. */
    public StreamDecoder streamDecoder(SpecialTokens specialTokens) {
        return new StreamDecoder(this, specialTokens);
    }

    /** The bytes of one token, empty if the id stands for nothing. */
    public byte[] tokenBytes(int id) {
        return tokenBytes(id, SpecialTokens.KEEP);
    }

    /** The bytes of one token, empty if the id stands for nothing or is special and these are skipped. */
    public byte[] tokenBytes(int id, SpecialTokens specialTokens) {
        AddedToken added = addedById.get(id);
        if (added != null) {
            return added.special() && specialTokens == SpecialTokens.SKIP
                    ? NOTHING
                    : added.content().getBytes(StandardCharsets.UTF_8);
        }
        return id >= 0 && id < data.vocabulary().size() ? data.vocabulary().token(id) : NOTHING;
    }

    /** The id of an added token such as {@code <|im_end|>}, empty if there is none of that text. */
    public OptionalInt idOf(@Nullable String addedToken) {
        AddedToken token = addedToken == null ? null : addedByContent.get(addedToken);
        return token == null ? OptionalInt.empty() : OptionalInt.of(token.id());
    }

    /** Whether the id is a special token. */
    public boolean isSpecial(int id) {
        AddedToken token = addedById.get(id);
        return token != null && token.special();
    }

    /** One more than the largest id that stands for something. Models may have more rows, as padding. */
    public int vocabularySize() {
        return data.vocabularySize();
    }

    private AddedTokenMatcher matcher(boolean normalized) {
        List<AddedToken> tokens = new ArrayList<>();
        List<String> patterns = new ArrayList<>();
        for (AddedToken token : data.addedTokens()) {
            if (token.flags().normalized() == normalized) {
                tokens.add(token);
                patterns.add(normalized ? normalize(token.content()) : token.content());
            }
        }
        return new AddedTokenMatcher(tokens, patterns);
    }

    private String normalize(String text) {
        return switch (data.normalization()) {
            case NONE -> text;
            case NFC -> Normalizer.normalize(text, Normalizer.Form.NFC);
        };
    }

    /** One text on its way to tokens. */
    private final class Encoding {
        private final AddedTokenParsing parsing;
        private final TokenBuffer out;
        private final BytePairEncoder encoder = new BytePairEncoder(merges);
        private final @Nullable PieceCache cache;

        Encoding(int bytes, AddedTokenParsing parsing) {
            this.parsing = parsing;
            this.out = new TokenBuffer(bytes / 3);
            this.cache = PieceCache.forText(bytes);
        }

        int[] encode(Utf8Slice text) {
            split(rawMatcher, text, this::normalizeAndSplit);
            return out.toArray();
        }

        private void normalizeAndSplit(Utf8Slice text) {
            Utf8Slice normalized =
                    data.normalization() == Normalization.NFC ? CanonicalComposition.compose(text) : text;
            split(normalizedMatcher, normalized, this::encodePieces);
        }

        private void split(AddedTokenMatcher matcher, Utf8Slice text, java.util.function.Consumer<Utf8Slice> rest) {
            if (parsing == AddedTokenParsing.PLAIN_TEXT || matcher.isEmpty()) {
                rest.accept(text);
                return;
            }
            matcher.split(text, new AddedTokenMatcher.Sink() {
                @Override
                public void text(byte[] b, int from, int to) {
                    rest.accept(new Utf8Slice(b, from, to));
                }

                @Override
                public void token(int id) {
                    out.add(id);
                }
            });
        }

        private void encodePieces(Utf8Slice text) {
            byte[] b = text.bytes();
            int p = text.from();
            while (p < text.to()) {
                int next = preTokenizer.next(b, p, text.to());
                int length = next - p;
                if (cache == null || length > PieceCache.MAX_BYTES || length == 1) {
                    encoder.encode(b, p, next, out);
                } else if (!cache.get(b, p, length, out)) {
                    int before = out.size();
                    encoder.encode(b, p, next, out);
                    cache.put(out, before);
                }
                p = next;
            }
        }
    }
}
