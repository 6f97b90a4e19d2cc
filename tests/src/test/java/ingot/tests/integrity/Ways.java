package ingot.tests.integrity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ingot.runtime.Version;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.spi.ToolProvider;

/** Ways to run {@link CommandsInTurn}: what must make no difference, mixed so that each setting meets several others. */
final class Ways {
    private static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    private static final String SEPARATOR = System.getProperty("path.separator");
    private static final String RUNNER = "ingot.tests.integrity.CommandsInTurn";

    private static final List<String> TURKISH = List.of("-Duser.language=tr", "-Duser.country=TR");
    private static final List<String> ARABIC =
            List.of("-Duser.language=ar", "-Duser.country=EG", "-Duser.extensions=u-nu-arab");
    private static final List<String> ASCII = List.of("-Dfile.encoding=US-ASCII");
    private static final List<String> FIRST_ZONE = List.of("-Duser.timezone=Etc/GMT-14");
    private static final List<String> LAST_ZONE = List.of("-Duser.timezone=Etc/GMT+12");
    private static final List<String> SMALL_HEAP = List.of("-Xmx96m");
    private static final List<String> LARGE_HEAP = List.of("-Xmx2g");
    private static final List<String> SERIAL = List.of("-XX:+UseSerialGC");
    private static final List<String> OTHER_OBJECTS =
            List.of("-XX:+UnlockExperimentalVMOptions", "-XX:-CompactStrings", "-XX:hashCode=2");
    private static final List<String> ONE_PROCESSOR = List.of("-XX:ActiveProcessorCount=1");

    /** As on other processors: vectors of 128 and 256 bits. */
    private static final List<String> SHORT_VECTORS = List.of("-XX:MaxVectorSize=16");

    private static final List<String> MIDDLE_VECTORS = List.of("-XX:MaxVectorSize=32");

    static final Way BASE = new Way("base", "1", List.of(), Map.of(), false);

    static final List<Way> MIXED = List.of(
            new Way(
                    "2 threads, a small heap, Turkish, the first time zone, relative paths",
                    "2",
                    all(SMALL_HEAP, TURKISH, FIRST_ZONE),
                    Map.of("TZ", "Etc/GMT-14"),
                    true),
            new Way(
                    "8 threads, a large heap, another collector, Arabic digits, the last time zone, ASCII",
                    "8",
                    all(LARGE_HEAP, SERIAL, ARABIC, LAST_ZONE, ASCII),
                    Map.of("LC_ALL", "C", "TZ", "Etc/GMT+12"),
                    false),
            new Way(
                    "1 thread, a small heap, no compact strings, another hash seed, one processor, ASCII, relative paths",
                    "1",
                    all(SMALL_HEAP, OTHER_OBJECTS, ONE_PROCESSOR, ASCII, LAST_ZONE),
                    Map.of("LC_ALL", "C"),
                    true));

    static final Way MODULES =
            new Way("modules", "8", all(SMALL_HEAP, TURKISH, LAST_ZONE, SERIAL, SHORT_VECTORS), Map.of(), true);

    static final Way IMAGE =
            new Way("image", "2", all(LARGE_HEAP, ARABIC, FIRST_ZONE, ASCII, MIDDLE_VECTORS), Map.of(), false);

    static final Way MEMORY = new Way("memory", "8", all(SERIAL, OTHER_OBJECTS, TURKISH, FIRST_ZONE), Map.of(), false);

    private Ways() {}

    /**
     * One way to run it.
     *
     * @param jvm options of Java
     * @param environment variables of the process
     * @param relative whether paths are given relative to a working folder of its own
     */
    record Way(String name, String threads, List<String> jvm, Map<String, String> environment, boolean relative) {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * A Java that has the command.
     *
     * @param options that let {@link #RUNNER} find it
     */
    record Runtime(Path java, List<String> options) {
        List<String> start(List<String> more) {
            List<String> command =
                    new ArrayList<>(List.of(java.resolve("bin/java").toString()));
            command.addAll(more);
            command.addAll(options);
            command.add(RUNNER);
            return command;
        }
    }

    private static Path jdk() {
        return Path.of(System.getProperty("java.home"));
    }

    @SafeVarargs
    private static List<String> all(List<String>... options) {
        return List.of(options).stream().flatMap(List::stream).toList();
    }

    static Runtime classPath() {
        return new Runtime(
                jdk(), List.of("--add-modules", "jdk.incubator.vector", "-cp", System.getProperty("java.class.path")));
    }

    /** The runner alone is on the class path. */
    private static List<String> asModules() {
        return List.of(
                "--add-modules",
                "ingot.cli",
                "--add-exports",
                "ingot.cli/ingot.cli=ALL-UNNAMED",
                "--add-exports",
                "java.base/jdk.internal.module=ingot.runtime",
                "-cp",
                ROOT.resolve("tests/target/test-classes").toString());
    }

    /** The jar of the command and those it needs. */
    private static String jars() {
        Path lib = ROOT.resolve("cli/target/lib");
        assumeTrue(Files.isDirectory(lib), "the jars of the command are not built");
        return ROOT.resolve("cli/target/ingot-cli-" + Version.NUMBER + ".jar") + SEPARATOR + lib;
    }

    static Runtime modulePath() {
        return new Runtime(jdk(), all(List.of("-p", jars()), asModules()));
    }

    /** Links one. */
    static Runtime image(Path folder) {
        Optional<ToolProvider> jlink = ToolProvider.findFirst("jlink");
        assumeTrue(jlink.isPresent(), "no jlink in this JDK");
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        int linked = jlink.get()
                .run(
                        out,
                        out,
                        "-p",
                        jars(),
                        "--add-modules",
                        "ingot.cli,jdk.incubator.vector",
                        "--output",
                        folder.toString());
        // A JDK without its jmods files may not be made for linking (JEP 493).
        assumeTrue(linked == 0 || !said.toString().contains("jmods"), said::toString);
        assertEquals(0, linked, said::toString);
        return new Runtime(folder, asModules());
    }
}
