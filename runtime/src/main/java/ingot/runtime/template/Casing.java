package ingot.runtime.template;

import java.util.Locale;
import java.util.function.IntPredicate;

/** Python's case mappings and character classes of {@code str}. */
final class Casing {
    private Casing() {}

    static String capitalize(String s) {
        if (s.isEmpty()) {
            return s;
        }
        int first = s.offsetByCodePoints(0, 1);
        return titleCase(s.codePointAt(0)) + s.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String titleCase(int c) {
        int title = Character.toTitleCase(c);
        return title == c ? Character.toString(c).toUpperCase(Locale.ROOT) : Character.toString(title);
    }

    /** Upper case after anything that is not a cased letter, lower case after one. */
    static String title(String s) {
        StringBuilder out = new StringBuilder(s.length());
        boolean afterLetter = false;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            out.append(afterLetter ? Character.toString(c).toLowerCase(Locale.ROOT) : titleCase(c));
            afterLetter = isCased(c);
            i += Character.charCount(c);
        }
        return out.toString();
    }

    static String swap(String s) {
        StringBuilder out = new StringBuilder(s.length());
        s.codePoints()
                .forEach(c -> out.append(
                        Character.isUpperCase(c)
                                ? Character.toString(c).toLowerCase(Locale.ROOT)
                                : Character.toString(c).toUpperCase(Locale.ROOT)));
        return out.toString();
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    /** The {@code str.is…} methods. */
    static boolean is(String name, String s) {
        return switch (name) {
            case "isdecimal" -> all(s, Character::isDigit);
            case "isdigit" -> all(s, c -> Character.isDigit(c) || isSuperscript(c));
            case "isnumeric" -> all(s, Casing::isNumeric);
            case "isalpha" -> all(s, Character::isLetter);
            case "isalnum" -> all(s, c -> Character.isLetter(c) || isNumeric(c));
            case "isspace" -> all(s, Strings::isSpace);
            case "isupper" ->
                s.codePoints().anyMatch(Character::isUpperCase)
                        && s.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
            case "islower" ->
                s.codePoints().anyMatch(Character::isLowerCase)
                        && s.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static boolean all(String s, IntPredicate test) {
        return !s.isEmpty() && s.codePoints().allMatch(test);
    }

    private static boolean isSuperscript(int c) {
        return c == 0xb2
                || c == 0xb3
                || c == 0xb9
                || c == 0x2070
                || (c >= 0x2074 && c <= 0x2079)
                || (c >= 0x2080 && c <= 0x2089);
    }

    private static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.OTHER_NUMBER
                || type == Character.LETTER_NUMBER;
    }
}
