package ingot.tests.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** Writes long JSON. */
final class BoundText {
    static final String LONG = "x".repeat(76);

    private BoundText() {}

    static List<String> numbered(String what) {
        return new AbstractList<>() {
            @Override
            public String get(int i) {
                return what + i;
            }

            @Override
            public int size() {
                return 1 << 19;
            }
        };
    }

    /** {@code open}, items with commas between, and the ends; blanks up to {@code bytes}. */
    static void filled(Path file, String open, int n, IntFunction<String> item, int bytes) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            out.write(open);
            long written = open.length();
            for (int i = 0; i < n; i++) {
                String next = (i == 0 ? "" : ",") + item.apply(i);
                out.write(next);
                written += next.length();
            }
            out.write(open.endsWith("[") ? "]}" : "}}");
            out.write(" ".repeat((int) Math.max(0, bytes - written - 2)));
        }
    }

    static void string(Path file, String open, int length, String... close) throws IOException {
        byte[] text = new byte[length];
        Arrays.fill(text, (byte) 'x');
        try (var out = Files.newOutputStream(file)) {
            out.write(open.getBytes(UTF_8));
            out.write(text);
            out.write(("\"}" + String.join("", close)).getBytes(UTF_8));
        }
    }
}
