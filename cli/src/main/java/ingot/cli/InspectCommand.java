package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "inspect", description = "Tells what a file or folder holds.")
final class InspectCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
