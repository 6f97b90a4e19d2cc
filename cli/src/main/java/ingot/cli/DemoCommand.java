package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "demo", description = "Shows everything on the bundled model.")
final class DemoCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
