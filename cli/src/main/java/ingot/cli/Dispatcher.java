package ingot.cli;

import ingot.cli.render.Format;
import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.runtime.Version;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Finds the command, parses its options, runs it and turns whatever happens into one line and an exit code. */
final class Dispatcher {
    private final Console console;

    Dispatcher(Console console) {
        this.console = console;
    }

    int run(String[] args) {
        boolean debug = Arrays.asList(args).contains("--debug");
        try {
            return console.finish(dispatch(args));
        } catch (Console.ReaderGone e) {
            return ExitCode.DONE;
        } catch (ParameterException e) {
            return fail(ExitCode.USAGE, Suggestions.explain(e, args), e, debug);
        } catch (IngotException e) {
            return fail(ExitCode.of(e), String.valueOf(e.getMessage()), e, debug);
        } catch (UncheckedIOException e) {
            return io(Objects.requireNonNull(e.getCause()), debug);
        } catch (IOException e) {
            return io(e, debug);
        } catch (InvalidPathException e) {
            return fail(ExitCode.USAGE, "not a path: " + Text.quote(e.getInput()), e, debug);
        } catch (OutOfMemoryError e) {
            long limit = Runtime.getRuntime().maxMemory();
            return fail(
                    ExitCode.OUT_OF_RESOURCES,
                    "out of memory: the heap is limited to " + Format.bytes(limit)
                            + "; allow more, for example INGOT_OPTS=-Xmx" + Math.ceilDiv(2 * limit, 1 << 20)
                            + "m, or use a smaller context or model",
                    e,
                    debug);
        } catch (Throwable e) {
            return bug(e, debug);
        }
    }

    private int dispatch(String[] args) throws IOException {
        CommandLine root = Commands.root(args);
        ParseResult parsed = root.parseArgs(args);
        CommandLine command = parsed.asCommandLineList().getLast();
        if (command.isVersionHelpRequested()) {
            console.out().println("ingot " + Version.NUMBER);
            return ExitCode.DONE;
        }
        if (command.isUsageHelpRequested() || !parsed.hasSubcommand()) {
            boolean asked = command.isUsageHelpRequested();
            PrintStream stream = asked ? console.out() : console.err();
            command.usage(stream, Ansi.OFF);
            return asked ? ExitCode.DONE : ExitCode.USAGE;
        }
        // picocli reports unknown words only after everything else was parsed.
        List<String> unmatched = parsed.unmatched();
        if (!unmatched.isEmpty()) {
            throw new ParameterException(command, "unexpected argument " + Text.quote(unmatched.getFirst()));
        }
        Task task = command.getCommand();
        if (task.common.threads != 0) {
            Flags.range("--threads", task.common.threads, 1, Integer.MAX_VALUE, "");
        }
        return task.run(console);
    }

    private int io(IOException e, boolean debug) {
        return switch (e) {
            case NoSuchFileException f -> fail(ExitCode.MISSING_INPUT, file(f) + ": no such file", e, debug);
            case AccessDeniedException f -> fail(ExitCode.DENIED, file(f) + ": permission denied", e, debug);
            case FileSystemException f
            when f.getFile() != null ->
                fail(ExitCode.READ_WRITE, file(f) + ": reading or writing failed: " + Text.reason(f), e, debug);
            default -> fail(ExitCode.READ_WRITE, "reading or writing failed: " + Text.reason(e), e, debug);
        };
    }

    private static String file(FileSystemException e) {
        return Text.visible(String.valueOf(e.getFile()));
    }

    private int bug(Throwable e, boolean debug) {
        // A mapped file cut short under a reader raises InternalError, which is nobody's bug here.
        if (e instanceof InternalError && String.valueOf(e.getMessage()).contains("unsafe memory access")) {
            return fail(ExitCode.READ_WRITE, "a file changed or became unreadable while it was mapped", e, debug);
        }
        // Classes are files, too. One that failed to initialize was found.
        if (e instanceof NoClassDefFoundError && !String.valueOf(e.getMessage()).startsWith("Could not initialize")) {
            return fail(
                    ExitCode.OUT_OF_RESOURCES,
                    "a part of ingot cannot be loaded: " + e.getMessage()
                            + "; too few files may be open (allow more: ulimit -n 1024), or the installation is incomplete",
                    e,
                    debug);
        }
        String what = e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + Text.line(e.getMessage()));
        String hint = debug ? "" : "; repeat with --debug for the stack trace";
        return fail(ExitCode.BUG, "this is a bug, please report it: " + what + hint, e, debug);
    }

    private int fail(int code, String message, Throwable cause, boolean debug) {
        console.finish(code);
        console.err()
                .println("ingot: " + Text.visible(message.lines().findFirst().orElse("")));
        if (debug) {
            cause.printStackTrace(console.err());
        }
        return code;
    }
}
