package ingot.formats;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that somebody meant. */
public final class Words {
    /** Longer words are nobody's slip. */
    private static final int LONGEST = 64;

    private Words() {}

    /** {@code "; did you mean 'int4'?"}, or nothing where no known word is near. */
    public static String didYouMean(String word, Collection<String> known) {
        return nearest(word, known).map(n -> "; did you mean '" + n + "'?").orElse("");
    }

    /** The known word with the fewest edits, if they are few enough for a slip; letters count alike in any case. */
    public static Optional<String> nearest(String word, Collection<String> known) {
        String best = null;
        int least = (word.length() <= 3 ? 1 : Math.max(2, word.length() / 3)) + 1;
        for (String candidate : known) {
            int d = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (d < least) {
                least = d;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Edits from one to the other, a swap of neighbours being one (optimal string alignment distance). */
    private static int distance(String a, String b) {
        if (a.length() > LONGEST || b.length() > LONGEST) {
            return Integer.MAX_VALUE;
        }
        int[][] edits = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                edits[i][j] = i == 0 ? j : j == 0 ? i : least(edits, a, b, i, j);
            }
        }
        return edits[a.length()][b.length()];
    }

    private static int least(int[][] edits, String a, String b, int i, int j) {
        char x = a.charAt(i - 1);
        char y = b.charAt(j - 1);
        int change = edits[i - 1][j - 1] + (x == y ? 0 : 1);
        int fewest = Math.min(change, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
        boolean swapped = i > 1 && j > 1 && x == b.charAt(j - 2) && a.charAt(i - 2) == y;
        return swapped ? Math.min(fewest, 1 + edits[i - 2][j - 2]) : fewest;
    }
}
