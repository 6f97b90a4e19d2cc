package ingot.cli;

import picocli.CommandLine.Command;

@Command(name = "tokenize", description = "Text to token ids and back.")
final class TokenizeCommand extends Task {
    @Override
    int run(Console console) {
        throw new UnsupportedOperationException("not yet");
    }
}
