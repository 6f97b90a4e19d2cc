package ingot.tests.cli;

import ingot.cli.Console;
import ingot.cli.Main;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Runs commands in this JVM. */
record Cli(int code, String out, String err) {
    static final Path ROOT = Path.of(System.getProperty("ingot.root"));
    static final Path TINY = ROOT.resolve("golden-outputs/checkpoints/qwen2-e2e");

    static Cli run(String... args) {
        return fed("", args);
    }

    static Cli fed(String input, String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        int code = Main.run(args, Console.of(in, out, err, false));
        return new Cli(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
