package ingot.runtime.tokenizer;

/**
 * The character classes that the Qwen expressions tell apart, from the general categories of the Java platform:
 * Unicode 16 in Java 25, and so are the tables of the reference (docs/decisions/0010-tokenizer.md).
 */
final class CharacterClasses {
    /** Neither letter, number nor white space. */
    static final byte OTHER = 0;
    /** {@code \p{L}}; with marks also {@code \p{M}}. */
    static final byte LETTER = 1;
    /** {@code \p{N}}. */
    static final byte NUMBER = 2;
    /** {@code \s} (Unicode White_Space) other than the line ends. */
    static final byte SPACE = 3;
    /** {@code \r} and {@code \n}. */
    static final byte LINE_END = 4;

    /** Of Qwen2's expression: combining marks are neither letters nor numbers. */
    static final CharacterClasses PLAIN = new CharacterClasses(OTHER);
    /** Of Qwen3.5's: combining marks are as good as letters. */
    static final CharacterClasses MARKS_AS_LETTERS = new CharacterClasses(LETTER);

    private static final int BMP = 0x10000;

    private final byte marks;
    /** Classes of the basic plane; the others are looked up one by one. */
    private final byte[] basic = new byte[BMP];

    private CharacterClasses(byte marks) {
        this.marks = marks;
        for (int c = 0; c < BMP; c++) {
            basic[c] = classify(c);
        }
    }

    byte of(int codePoint) {
        return codePoint < BMP ? basic[codePoint] : classify(codePoint);
    }

    /** The class of the character at {@code p} of valid UTF-8. */
    byte at(byte[] b, int p) {
        int c = b[p];
        return c >= 0 ? basic[c] : of(Utf8.codePoint(b, p));
    }

    private byte classify(int c) {
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> marks;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            case Character.CONTROL ->
                c == '\r' || c == '\n' ? LINE_END : c >= '\t' && c <= '\f' || c == 0x85 ? SPACE : OTHER;
            default -> OTHER;
        };
    }

    /** {@code \s} of the Unicode White_Space property. */
    static boolean isWhiteSpace(int c) {
        byte type = PLAIN.of(c);
        return type == SPACE || type == LINE_END;
    }

    /** {@code \w} of Unicode technical standard 18, annex C, as in the reference's single_word rule. */
    static boolean isWord(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.CONNECTOR_PUNCTUATION -> true;
            default -> Character.isAlphabetic(c) || c == 0x200c || c == 0x200d;
        };
    }
}
