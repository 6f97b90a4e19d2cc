package ingot.tests.rules;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The formatter, run on every source file; {@code main} applies it ({@code tests/format}). */
public final class SourceRules {
    private static final Formatter FORMATTER = Formatter.createFormatter(JavaFormatterOptions.builder()
            .style(JavaFormatterOptions.Style.PALANTIR)
            .build());

    private SourceRules() {}

    /** Every Java file of the project below {@code root}. */
    public static List<Path> sources(Path root) throws IOException {
        List<Path> found = new ArrayList<>();
        for (String module : List.of("formats", "runtime", "quant", "cli", "tests")) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src"))) {
                files.filter(f -> f.toString().endsWith(".java")).forEach(found::add);
            }
        }
        found.sort(null);
        return found;
    }

    /** The text as the formatter wants it. */
    public static String formatted(Path file) throws IOException {
        try {
            String text = Files.readString(file);
            return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(text));
        } catch (FormatterException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Rewrites what is not formatted. */
    public static void main(String[] args) throws IOException {
        for (Path file : sources(Path.of(args[0]))) {
            String wanted = formatted(file);
            if (!wanted.equals(Files.readString(file))) {
                Files.writeString(file, wanted);
                System.out.println(file);
            }
        }
    }
}
