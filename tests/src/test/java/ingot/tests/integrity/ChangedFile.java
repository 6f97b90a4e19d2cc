package ingot.tests.integrity;

import ingot.formats.IngotException;
import ingot.runtime.Model;
import ingot.runtime.ModelOptions;
import ingot.runtime.ModelOptions.Loading;
import ingot.runtime.Session;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Locale;

/** The child of {@link ChangedFileTest}: MODEL.ingot SCENARIO LOADING. Prints what became of the second call. */
final class ChangedFile {
    private ChangedFile() {}

    interface Change {
        void apply(Path file) throws IOException;
    }

    enum Scenario {
        TRUNCATED(file -> {
            try (var open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(open.length() / 3);
            }
        }),
        EMPTIED(file -> Files.write(file, new byte[0])),
        APPENDED(file -> {
            try (var open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(open.length() + 1);
            }
        }),
        OVERWRITTEN(file -> {
            FileTime before = Files.getLastModifiedTime(file);
            try (var open = new RandomAccessFile(file.toFile(), "rw")) {
                open.seek(open.length() / 2);
                open.write(new byte[1000]);
            }
            // Where the clock of the file system ticks slowly, the write might fall into the same tick.
            Files.setLastModifiedTime(file, FileTime.fromMillis(before.toMillis() + 1000));
        }),
        REPLACED(file -> {
            Path other = Files.write(file.resolveSibling("other"), new byte[100]);
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
        }),
        DELETED(Files::delete);

        private final Change change;

        Scenario(Change change) {
            this.change = change;
        }
    }

    public static void main(String[] args) throws IOException {
        Path file = Path.of(args[0]);
        Scenario scenario = Scenario.valueOf(args[1]);
        ModelOptions options =
                ModelOptions.defaults().withThreads(2).withLoading(Loading.valueOf(args[2].toUpperCase(Locale.ROOT)));
        try (Model model = Model.open(file, options)) {
            float[] expected;
            try (Session session = model.newSession()) {
                session.forward(1, 2, 3);
                expected = session.forward(4).clone();
            }
            try (Session session = model.newSession()) {
                session.forward(1, 2, 3);
                scenario.change.apply(file);
                boolean same = Arrays.equals(expected, session.forward(4));
                System.out.println(same ? "the same" : "something else");
            } catch (IngotException.ReadWrite e) {
                System.out.println("ReadWrite " + e.getMessage());
            }
        }
    }
}
