package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "convert", description = "Turns a checkpoint into one .ingot file.")
final class ConvertCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
