package ingot.tests.integrity;

import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Several commands in one process, which is much cheaper than one for each; ends with the code of the first that fails. */
public final class CommandsInTurn {
    /** Between the words of two commands, and on a line of its own between their outputs. */
    static final String NEXT = "~";

    private CommandsInTurn() {}

    public static void main(String[] args) throws IOException {
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        List<String> words = Arrays.asList(args);
        for (int from = 0; from < words.size(); ) {
            int next = words.subList(from, words.size()).indexOf(NEXT);
            int to = next < 0 ? words.size() : from + next;
            // Ends the process where it fails.
            ingot.cli.Main.main(words.subList(from, to).toArray(String[]::new));
            out.write(("\n" + NEXT + "\n").getBytes(StandardCharsets.UTF_8));
            from = to + 1;
        }
    }
}
