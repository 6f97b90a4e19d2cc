package ingot.tests.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Every case of bad input, and a program that writes them all into a folder for people to try. */
final class HostileCorpus {
    private HostileCorpus() {}

    static List<HostileCase> all() {
        List<HostileCase> all = new ArrayList<>();
        all.addAll(SafetensorsCases.all());
        all.addAll(HeaderBombCases.all());
        all.addAll(IndexCases.all());
        all.addAll(ValueCases.all());
        all.addAll(ConfigCases.all());
        all.addAll(TokenizerCases.all());
        all.addAll(IngotCases.all());
        all.addAll(PickleCases.all());
        all.addAll(TorchCases.all());
        all.addAll(ZipCases.all());
        all.addAll(TorchFileCases.all());
        all.addAll(GgufCases.all());
        all.addAll(CompanionCases.all());
        Set<String> names = new HashSet<>();
        for (HostileCase c : all) {
            if (!names.add(c.name())) {
                throw new IllegalStateException("two cases named " + c.name());
            }
        }
        return all;
    }

    /** Writes a case into {@code parent/NAME} and returns the path to convert. */
    static Path make(HostileCase hostile, Path parent) throws IOException {
        return hostile.maker().make(Files.createDirectories(parent.resolve(hostile.name())));
    }

    /**
     * Writes every case into the folder given, and {@code expected.tsv}: name, type to convert to, exit code, expression
     * the message must match, path.
     */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        List<String> lines = new ArrayList<>();
        for (HostileCase c : all()) {
            Path path = make(c, folder);
            String outcome = switch (c.expected()) {
                case HostileCase.Refused r ->
                    r.kind().exitCode() + "\t" + r.message().pattern();
                case HostileCase.Accepted a -> "0\t" + a.warning();
            };
            lines.add(String.join(
                    "\t", c.name(), c.type(), outcome, folder.relativize(path).toString()));
        }
        Files.write(folder.resolve("expected.tsv"), lines);
        System.out.println(lines.size() + " cases in " + folder);
    }
}
