package ingot.runtime.tokenizer;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * NFC of a stretch in O(n log n). {@link Normalizer} sorts combining marks by insertion, O(n²) for a text that consists
 * of them: hours for a few megabytes. So long stretches are decomposed and put in canonical order first (Unicode
 * standard 3.11, D108 and D109), after which it has nothing left to move.
 */
final class CanonicalOrder {
    /** Up to this many characters the quadratic sort does not matter. */
    private static final int SHORT = 128;

    /** Combining classes 1 and 240, the lowest and the highest. */
    private static final String LOWEST = "\u0334";

    private static final String HIGHEST = "\u0345";

    /** Marks in the order of their combining classes: one sorts after another if canonical ordering swaps them. */
    private static final Comparator<String> BY_CLASS = (a, b) -> swaps(a, b) ? 1 : swaps(b, a) ? -1 : 0;

    private CanonicalOrder() {}

    static String compose(String text) {
        return Normalizer.normalize(text.length() <= SHORT ? text : decompose(text), Normalizer.Form.NFC);
    }

    /** NFD of the text. */
    private static String decompose(String text) {
        var out = new StringBuilder(text.length() + 16);
        Map<String, String> decompositions = new HashMap<>();
        List<String> marks = new ArrayList<>();
        Map<String, Integer> classes = new HashMap<>();
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            String decomposed =
                    decompositions.computeIfAbsent(Character.toString(text.codePointAt(i)), CanonicalOrder::nfd);
            for (int j = 0; j < decomposed.length(); j += Character.charCount(decomposed.codePointAt(j))) {
                String c = Character.toString(decomposed.codePointAt(j));
                if (classes.computeIfAbsent(c, k -> isStarter(k) ? 0 : 1) != 0) {
                    marks.add(c);
                } else {
                    flush(marks, out);
                    out.append(c);
                }
            }
        }
        flush(marks, out);
        return out.toString();
    }

    private static void flush(List<String> marks, StringBuilder out) {
        List<String> distinct = new ArrayList<>(marks.stream().distinct().toList());
        distinct.sort(BY_CLASS);
        Map<String, Integer> position = new HashMap<>();
        int rank = 0;
        for (int i = 0; i < distinct.size(); i++) {
            rank += i > 0 && BY_CLASS.compare(distinct.get(i - 1), distinct.get(i)) != 0 ? 1 : 0;
            position.put(distinct.get(i), rank);
        }
        marks.sort(Comparator.comparing(position::get));
        marks.forEach(out::append);
        marks.clear();
    }

    private static boolean isStarter(String c) {
        return !swaps(c, LOWEST) && !swaps(HIGHEST, c);
    }

    /** Whether canonical ordering puts {@code b} before {@code a} in {@code ab}: class(a) > class(b) > 0. */
    private static boolean swaps(String a, String b) {
        return nfd(a + b).equals(b + a) && !a.equals(b);
    }

    private static String nfd(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFD);
    }
}
