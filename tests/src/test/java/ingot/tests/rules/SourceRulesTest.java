package ingot.tests.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules on the text of the sources. */
final class SourceRulesTest {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    private static final int MAX_LINES = 400;

    @Test
    void everySourceIsFormatted() throws Exception {
        List<Path> sources = SourceRules.sources(ROOT);
        assertTrue(sources.size() > 100, "found only " + sources.size() + " sources");
        List<Path> wrong = new ArrayList<>();
        for (Path file : sources) {
            if (!SourceRules.formatted(file).equals(Files.readString(file))) {
                wrong.add(ROOT.relativize(file));
            }
        }
        assertEquals(List.of(), wrong, "run tests/format");
    }

    @Test
    void filesFitInAHead() throws Exception {
        List<String> long_ = new ArrayList<>();
        for (Path file : SourceRules.sources(ROOT)) {
            long lines = Files.readString(file).lines().count();
            if (lines > MAX_LINES) {
                long_.add(ROOT.relativize(file) + " has " + lines + " lines");
            }
        }
        assertEquals(List.of(), long_);
    }

    @Test
    void everyProductPackageIsNullMarked() throws Exception {
        List<Path> without = new ArrayList<>();
        for (Path file : SourceRules.sources(ROOT)) {
            Path folder = file.getParent();
            boolean product = !ROOT.relativize(file).startsWith("tests") && !file.endsWith("module-info.java");
            Path info = folder.resolve("package-info.java");
            if (product && (!Files.exists(info) || !Files.readString(info).contains("@NullMarked"))) {
                without.add(ROOT.relativize(folder));
            }
        }
        assertEquals(List.of(), without.stream().distinct().toList());
    }
}
