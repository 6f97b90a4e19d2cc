package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "run", description = "Generates text.")
final class RunCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
