package ingot.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.runtime.Version;
import ingot.tests.cli.ChildCommand.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script {@code ./ingot}, in a folder as a distribution has it: the built jars, no sources. */
class LauncherTest {
    @TempDir
    static Path folder;

    private static Path script = Path.of("");
    private static final List<Path> LINKS = new ArrayList<>();

    @BeforeAll
    static void install() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "NOT TESTED HERE: no /bin/sh");
        Path root = Files.createDirectory(folder.resolve("an ingot"));
        script = Files.copy(Cli.ROOT.resolve("ingot"), root.resolve("ingot"));
        Path target = Files.createDirectories(root.resolve("cli/target"));
        String jar = "ingot-cli-" + Version.NUMBER + ".jar";
        for (String part : List.of(jar, "lib")) {
            Path built = Cli.ROOT.resolve("cli/target").resolve(part);
            assertTrue(Files.exists(built), built + " is missing: mvn -pl cli -am package");
            LINKS.add(Files.createSymbolicLink(target.resolve(part), built));
        }
        LINKS.add(Files.createSymbolicLink(root.resolve("golden-outputs"), Cli.ROOT.resolve("golden-outputs")));
    }

    /** JUnit warns of links that lead out of its folder. */
    @AfterAll
    static void unlink() throws Exception {
        for (Path link : LINKS) {
            Files.delete(link);
        }
    }

    private static Outcome run(String options, String... args) throws Exception {
        return run(script, options, args);
    }

    private static Outcome run(Path start, String options, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", start.toString()));
        command.addAll(Arrays.asList(args));
        return ChildCommand.await(
                command, Map.of("INGOT_OPTS", options, "INGOT_JAVA_HOME", System.getProperty("java.home")));
    }

    /** The first start writes the cache of classes, the second uses it; neither says a word about it. */
    @Test
    void version() throws Exception {
        for (int i = 0; i < 2; i++) {
            Outcome o = run("", "--version");
            assertEquals("ingot " + Version.NUMBER + "\n", o.out());
            assertEquals("", o.err());
            assertEquals(0, o.exit());
        }
        assertTrue(Files.size(script.resolveSibling("cli/target/ingot.aot")) > 1 << 20);
    }

    /** By a link elsewhere, as on a PATH. */
    @Test
    void throughALink() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("linked"), script);
        Outcome o = run(link, "", "inspect", Cli.TINY.toString());
        assertEquals(0, o.exit(), o.err());
        assertTrue(o.out().contains("qwen2"), o.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-Xmx200m", "-XX:+UseSerialGC"})
    void everyWayOfStarting(String options) throws Exception {
        Path out = folder.resolve("m" + options.length() + ".ingot");
        assertEquals(0, run(options, "--help").exit());
        assertEquals(0, run(options, "inspect", "--verify", Cli.TINY.toString()).exit());
        Outcome made = run(options, "convert", Cli.TINY.toString(), "-o", out.toString(), "--type", "int4");
        assertEquals(0, made.exit(), made.err());
        // Calibration starts with another collector.
        Outcome made4 = run(
                options,
                "convert",
                Cli.TINY.toString(),
                "-o",
                out.toString(),
                "--force",
                "--type",
                "int4",
                "--method",
                "gptq",
                "--calibration",
                tokens().toString());
        assertEquals(0, made4.exit(), made4.err());
        Outcome verified = run(options, "verify", Cli.TINY.toString());
        assertEquals(0, verified.exit(), verified.err());
    }

    private static Path tokens() throws Exception {
        return Files.writeString(folder.resolve("tokens.jsonl"), "{\"ids\": [1, 2, 3, 4, 5, 6, 7, 8]}\n");
    }

    @Test
    void mistakesAreOneLine() throws Exception {
        Outcome usage = run("", "convrt");
        assertEquals(64, usage.exit());
        assertTrue(usage.complaint().contains("convert"), usage.err());
        Outcome missing = run("", "inspect", folder.resolve("nothing").toString());
        assertEquals(66, missing.exit());
        assertFalse(missing.complaint().isEmpty(), missing.err());
    }

    /** A folder that is no JDK is passed over for the next one. */
    @Test
    void anotherJdk() throws Exception {
        Outcome o = ChildCommand.await(
                List.of("/bin/sh", script.toString(), "--version"),
                Map.of("INGOT_JAVA_HOME", folder.toString(), "JAVA_HOME", System.getProperty("java.home")));
        assertEquals(0, o.exit(), o.err());
    }
}
