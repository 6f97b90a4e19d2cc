package ingot.cli;

import ingot.runtime.Version;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;

/** Entry point of the {@code ingot} command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // UTF-8 whatever the locale: results are read by programs, and model text is in every script.
        Console console = Console.of(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Terminal.stderrIsTerminal());
        if (args.length > 1) {
            HeadStart.begin();
        }
        int code = run(args, console);
        // After success the JVM ends by itself, as all other threads are daemons. After a failure nothing is left to do
        // either, and System.exit would first set up logging, for which there may be no memory: that would end with
        // another code.
        if (code != ExitCode.DONE) {
            Runtime.getRuntime().halt(code);
        }
    }

    /** Runs one command and returns the exit code; never exits the JVM and never throws. */
    public static int run(String[] args, Console console) {
        // Scripts ask for the version often; it needs neither the option parser nor any engine.
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            console.out().println("ingot " + Version.NUMBER);
            return console.finish(ExitCode.DONE);
        }
        return new Dispatcher(console).run(args);
    }
}
