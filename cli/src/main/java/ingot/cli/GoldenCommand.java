package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "golden", description = "Records golden logits.")
final class GoldenCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
