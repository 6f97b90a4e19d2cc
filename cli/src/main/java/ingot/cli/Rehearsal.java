package ingot.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the JVM is to remember of common commands, done once on a small model: {@code ./ingot} lets it write its cache of
 * classes and profiles from this. Computes without vectors, whose module such a cache cannot hold: with generated code, or, where
 * that cannot run, with plain loops.
 * docs/decisions/0075-start-up.md
 */
public final class Rehearsal {
    private Rehearsal() {}

    /** @param args a model that comes with a tokenizer, as a folder */
    public static void main(String[] args) throws IOException {
        HeadStart.begin();
        String folder = args[0];
        Path file = Files.createTempFile("ingot", ".ingot");
        String model = file.toString();
        try {
            require("--help");
            require("inspect", folder);
            require("convert", folder, "-o", model, "--type", "int8", "--force", "-q");
            require("convert", folder, "-o", model, "--type", "int4", "--force", "-q");
            require("inspect", model);
            if (!generate(model, "native")) {
                generate(model, "scalar");
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static boolean generate(String model, String backend) {
        return done("run", model, "-p", "The ship", "--max-tokens", "2", "--backend", backend, "-q");
    }

    private static void require(String... command) {
        if (!done(command)) {
            throw new IllegalStateException("this failed: " + String.join(" ", command));
        }
    }

    private static boolean done(String... command) {
        Console nowhere = Console.of(
                new ByteArrayInputStream(new byte[0]),
                OutputStream.nullOutputStream(),
                OutputStream.nullOutputStream(),
                false);
        return Main.run(command, nowhere) == ExitCode.DONE;
    }
}
