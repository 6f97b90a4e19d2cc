package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "compare", description = "Compares two models.")
final class CompareCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
