package ingot.runtime.tokenizer;

import static ingot.runtime.tokenizer.CharacterClasses.LETTER;
import static ingot.runtime.tokenizer.CharacterClasses.LINE_END;
import static ingot.runtime.tokenizer.CharacterClasses.NUMBER;
import static ingot.runtime.tokenizer.CharacterClasses.OTHER;
import static ingot.runtime.tokenizer.CharacterClasses.SPACE;

import ingot.formats.tokenizer.PreTokenization;

/**
 * Cuts UTF-8 text into the pieces that the Qwen expressions match, one after the other, without backtracking. The
 * alternatives of {@link PreTokenization#QWEN2}, in order:
 *
 * <pre>
 * 1  (?i:'s|'t|'re|'ve|'m|'ll|'d)       a contraction
 * 2  [^\r\n\p{L}\p{N}]?\p{L}+           letters, with one character of any other kind before them
 * 3  \p{N}                              one number character
 * 4   ?[^\s\p{L}\p{N}]+[\r\n]*          others, with a space before and line ends behind
 * 5  \s*[\r\n]+                         white space up to its last line end
 * 6  \s+(?!\S)                          white space, less its last character if something follows
 * 7  \s+                                white space
 * </pre>
 *
 * {@link PreTokenization#QWEN3_5} writes {@code [\p{L}\p{M}]} for the letters and excludes {@code \p{M}} from 4 but not
 * from the character before the letters in 2: a mark before letters is matched with them either way, so the same
 * automaton serves with marks classed as letters.
 */
final class PreTokenizer {
    private final CharacterClasses classes;

    PreTokenizer(PreTokenization kind) {
        this.classes = switch (kind) {
            case QWEN2 -> CharacterClasses.PLAIN;
            case QWEN3_5 -> CharacterClasses.MARKS_AS_LETTERS;
        };
    }

    /** End of the piece that begins at {@code p < end}; the text ends at {@code end}. */
    int next(byte[] b, int p, int end) {
        byte first = classes.at(b, p);
        int second = p + Utf8.length(b[p]);
        switch (first) {
            case LETTER -> {
                return letters(b, second, end);
            }
            case NUMBER -> {
                return second;
            }
            case OTHER -> {
                int contraction = b[p] == '\'' ? contraction(b, p, end) : 0;
                if (contraction > 0) {
                    return contraction;
                }
                if (second < end && classes.at(b, second) == LETTER) {
                    return letters(b, second + Utf8.length(b[second]), end);
                }
                return others(b, second, end);
            }
            case SPACE -> {
                if (second < end) {
                    byte next = classes.at(b, second);
                    if (next == LETTER) {
                        return letters(b, second + Utf8.length(b[second]), end);
                    }
                    if (next == OTHER && b[p] == ' ') {
                        return others(b, second + Utf8.length(b[second]), end);
                    }
                }
                return whiteSpace(b, p, end);
            }
            default -> {
                return whiteSpace(b, p, end);
            }
        }
    }

    private int letters(byte[] b, int p, int end) {
        int q = p;
        while (q < end && classes.at(b, q) == LETTER) {
            q += Utf8.length(b[q]);
        }
        return q;
    }

    private int others(byte[] b, int p, int end) {
        int q = p;
        while (q < end && classes.at(b, q) == OTHER) {
            q += Utf8.length(b[q]);
        }
        while (q < end && (b[q] == '\r' || b[q] == '\n')) {
            q++;
        }
        return q;
    }

    private int whiteSpace(byte[] b, int p, int end) {
        int q = p;
        int lineEnd = 0;
        int last = p;
        while (q < end) {
            byte type = classes.at(b, q);
            if (type != SPACE && type != LINE_END) {
                break;
            }
            last = q;
            q += Utf8.length(b[q]);
            if (type == LINE_END) {
                lineEnd = q;
            }
        }
        if (lineEnd > 0) {
            return lineEnd;
        }
        // Followed by something: its last character is left to the next piece, unless it is the only one.
        return q == end || last == p ? q : last;
    }

    /** End of the contraction whose apostrophe is at {@code p}, or 0. */
    private static int contraction(byte[] b, int p, int end) {
        if (p + 1 >= end) {
            return 0;
        }
        int second = p + 2 < end ? b[p + 2] | 0x20 : 0;
        return switch (b[p + 1] | 0x20) {
            case 's', 't', 'm', 'd' -> p + 2;
            case 'r', 'v' -> second == 'e' ? p + 3 : 0;
            case 'l' -> second == 'l' ? p + 3 : 0;
            // U+017F (long s) is C5 BF and folds to s; no other character outside ASCII folds into a contraction.
            case 0xffffffc5 | 0x20 -> p + 2 < end && b[p + 1] == (byte) 0xc5 && b[p + 2] == (byte) 0xbf ? p + 3 : 0;
            default -> 0;
        };
    }
}
