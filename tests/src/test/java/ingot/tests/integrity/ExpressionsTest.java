package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every regular expression of Ingot's on long texts made for it: the characters it looks at are counted, for a clock says
 * nothing. An expression from a model file is never compiled, so these are all there are.
 */
final class ExpressionsTest {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    private static final int LENGTH = 5_000;

    /** Looks at a character, on average: many words are alternatives. A quadratic expression has thousands. */
    private static final int LOOKS = 400;

    /** {@code text.matches("…")} and its kin in the sources; the third group is the expression. */
    private static final Pattern IN_PLACE =
            Pattern.compile("\\.(matches|replaceAll|replaceFirst|split)\\((\"((?:[^\"\\\\]|\\\\.)*+)\")");

    private static final Pattern FINDS = Pattern.compile("\\.(find|replaceAll|replaceFirst|split|results)\\(");

    /** A text that counts how often it is looked at, and gives up. */
    private static final class Counted implements CharSequence {
        private final String text;
        private final long[] looks;

        Counted(String text, long[] looks) {
            this.text = text;
            this.looks = looks;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int i) {
            if (looks[0]++ > (long) LOOKS * LENGTH) {
                throw new IllegalStateException("looks too often");
            }
            return text.charAt(i);
        }

        @Override
        public CharSequence subSequence(int from, int to) {
            return new Counted(text.substring(from, to), looks);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * An expression and how it is used.
     *
     * @param finds whether it is looked for at every place of a text; else the whole text must match
     */
    private record Use(Pattern pattern, boolean finds) {}

    @Test
    void everyExpressionIsLinear() throws IOException, ReflectiveOperationException {
        Map<String, Use> all = expressions();
        assertTrue(all.size() > 30, all.keySet().toString());
        List<String> slow = new ArrayList<>();
        all.forEach((where, use) -> {
            for (String text : texts(use.pattern.pattern())) {
                if (isSlow(use, text)) {
                    slow.add(where + " " + use + " on " + text.substring(0, 6).strip() + "…");
                    return;
                }
            }
        });
        assertEquals(List.of(), slow);
    }

    /** The measure itself: the textbook's expression is caught. */
    @Test
    void anExpressionThatBacktracksIsCaught() {
        String text = "a".repeat(LENGTH) + "!";
        assertTrue(isSlow(new Use(Pattern.compile("(a+)+b"), false), text));
        assertTrue(isSlow(new Use(Pattern.compile("a*a*b"), false), text));
        assertTrue(isSlow(new Use(Pattern.compile("a+b"), true), text));
        assertFalse(isSlow(new Use(Pattern.compile("a+b"), false), text));
    }

    private static boolean isSlow(Use use, String text) {
        Matcher matcher = use.pattern.matcher(new Counted(text, new long[1]));
        try {
            if (use.finds) {
                while (matcher.find()) {
                    // Every one of them.
                }
            } else {
                matcher.matches();
            }
            return false;
        } catch (IllegalStateException | StackOverflowError e) {
            return true;
        }
    }

    /** One character of the expression, or two in turn, over and over, with an end that fits nothing. */
    private static List<String> texts(String expression) {
        TreeSet<Character> alphabet = new TreeSet<>(List.of('a', '0', ' ', '\n', '\u00e9'));
        expression.chars().limit(200).filter(c -> c < 128).forEach(c -> alphabet.add((char) c));
        List<Character> characters = new ArrayList<>(alphabet);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < characters.size(); i++) {
            String one = String.valueOf(characters.get(i));
            texts.add(one.repeat(LENGTH) + "\u0000");
            String two = one + characters.get((i + 7) % characters.size());
            texts.add(two.repeat(LENGTH / 2) + "\u0000");
        }
        return texts;
    }

    private static Map<String, Use> expressions() throws IOException, ReflectiveOperationException {
        Map<String, Use> found = new LinkedHashMap<>();
        for (String module : List.of("formats", "runtime", "quant", "cli")) {
            Path sources = ROOT.resolve(module).resolve("src/main/java");
            List<Path> files;
            try (Stream<Path> walk = Files.walk(sources)) {
                files = walk.filter(p -> p.toString().endsWith(".java"))
                        .filter(p -> !p.endsWith("module-info.java") && !p.endsWith("package-info.java"))
                        .sorted()
                        .toList();
            }
            for (Path file : files) {
                String path = sources.relativize(file).toString();
                String source = Files.readString(file);
                if (source.contains("java.util.regex.Pattern")) {
                    boolean finds = FINDS.matcher(source).find();
                    constants(path.replace(".java", "").replace('/', '.').replace('\\', '.'), finds, found);
                }
                Matcher inPlace = IN_PLACE.matcher(source);
                while (inPlace.find()) {
                    Pattern pattern = Pattern.compile(inPlace.group(3).translateEscapes());
                    boolean finds = !inPlace.group(1).equals("matches");
                    found.put(path + " " + pattern, new Use(pattern, finds));
                }
            }
        }
        return found;
    }

    private static void constants(String name, boolean finds, Map<String, Use> found)
            throws ReflectiveOperationException {
        for (Field field : Class.forName(name).getDeclaredFields()) {
            if (field.getType() == Pattern.class && Modifier.isStatic(field.getModifiers())) {
                field.setAccessible(true);
                found.put(name + "." + field.getName(), new Use((Pattern) field.get(null), finds));
            }
        }
    }
}
