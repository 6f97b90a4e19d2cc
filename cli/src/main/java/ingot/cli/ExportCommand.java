package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "export", description = "Writes a model in another format.")
final class ExportCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
