package ingot.tests.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ingot.formats.Progress;
import ingot.tests.cli.ChildCommand;
import ingot.tests.hostile.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * F2 and F9 by {@code strace}: single system calls of the command fail, do nothing and say they did, or are its last. The old
 * output stays in every case, and nothing beside it.
 */
final class InjectedTest extends Benched {
    private static final byte[] OLD = {1, 2, 3};
    private static final List<String> STRACE = List.of("strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null");

    private Path source = Path.of("unset");

    @BeforeEach
    void open() throws IOException {
        try {
            Commands.run(Stream.concat(STRACE.stream(), Stream.of("-e", "inject=rename:error=EIO", "true"))
                    .toList());
        } catch (IOException e) {
            Assumptions.abort("needs strace and the right to trace: " + e.getMessage());
        }
        source = bench.model(1000);
        Files.write(bench.out(), OLD);
    }

    /**
     * Calls by the path they are about, so that the JVM's own do not count. Of each thread strace counts its own: from the
     * second on, as {@code when=2+} says, is met by one of them whoever writes what.
     */
    private ChildCommand.Outcome inject(String what, String... more) throws IOException, InterruptedException {
        List<String> wrapper = new ArrayList<>(STRACE);
        // Only this call stops the process: a JVM makes thousands of others.
        wrapper.addAll(List.of("-e", "trace=" + what.substring(0, what.indexOf(':'))));
        for (String name : List.of("x.ingot", ".x.ingot.part")) {
            wrapper.addAll(List.of("-P", bench.out().resolveSibling(name).toString()));
        }
        wrapper.addAll(List.of("-e", "inject=" + what));
        return ChildCommand.runUnder(wrapper, Bench.QUICK, bench.convert(source, "f32", more));
    }

    private void requireOldAlone() throws IOException {
        assertEquals(List.of("x.ingot"), bench.names());
        assertEquals(OLD.length, Files.size(bench.out()));
    }

    @ParameterizedTest
    @CsvSource({
        // what fails, the line
        "'fsync:error=EIO', 'cannot be forced to disk \\(\\d+ bytes\\): Input/output error'",
        "'rename:error=EIO', 'cannot be renamed into place: Input/output error'",
        "'rename:error=EXDEV', 'this file system cannot rename atomically'",
        "'pwrite64:error=ENOSPC:when=2+', 'writing failed at byte \\d+ of \\d+ needed: No space left on device'",
        "'pwrite64:error=EIO:when=4+', 'writing failed at byte \\d+ of \\d+ needed: Input/output error'",
        "'pread64:error=EIO:when=2+', 'cannot be read back at byte \\d+: Input/output error'",
    })
    void aCallThatFails(String what, String complaint) throws IOException, InterruptedException {
        Bench.requireRefused(inject(what), 74, complaint);
        requireOldAlone();
    }

    /** A disk that says it wrote, a byte at a time, and did not: what is read back differs. */
    @Test
    void aWriteThatIsLost() throws IOException, InterruptedException {
        source = bench.model(7, "small");
        ChildCommand.Outcome outcome = inject("pwrite64:retval=1:when=5+");
        Bench.requireRefused(outcome, 74, "x\\.ingot: ");
        requireOldAlone();
    }

    /** The folder is forced after the rename: an error there comes too late to take anything back, and is no error. */
    @Test
    void aFolderThatCannotBeForced() throws IOException, InterruptedException {
        List<String> wrapper = new ArrayList<>(STRACE);
        wrapper.addAll(List.of("-P", folder.resolve("out").toString(), "-e", "trace=fsync"));
        wrapper.addAll(List.of("-e", "inject=fsync:error=EIO"));
        var outcome = ChildCommand.runUnder(wrapper, Bench.QUICK, bench.convert(source, "f32"));
        assertEquals(0, outcome.exit(), outcome::err);
        assertEquals(List.of("x.ingot"), bench.names());
        assertNotEquals(OLD.length, Files.size(bench.out()));
    }

    /** F1, at the very calls that make an output of what was written. */
    @ParameterizedTest
    @ValueSource(strings = {"fsync", "rename"})
    void killedAtACall(String call) throws IOException, InterruptedException {
        inject(call + ":signal=KILL:when=1");
        assertEquals(OLD.length, Files.size(bench.out()), "the old output");
        assertTrue(bench.names().contains(".x.ingot.part"), "killed on the way: " + bench.names());
        Bench.converter("f32").convert(source, bench.out(), Progress.none());
        assertEquals(List.of("x.ingot"), bench.names());
    }
}
