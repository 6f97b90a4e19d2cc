package ingot.formats.signing;

import ingot.formats.IngotException;
import ingot.formats.Progress;
import ingot.formats.Text;
import ingot.formats.ingot.Checksum;
import ingot.formats.io.Folders;
import ingot.formats.io.InputFile;
import ingot.formats.signing.Statement.Resource;
import ingot.formats.signing.Statement.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** The files of a model, a single file or a folder, and their hashes (specification, sections 6.1 to 6.4). */
final class ModelFiles {
    /** Left out at the top of every folder (section 6.2). */
    static final List<String> ALWAYS_IGNORED = List.of(".git", ".gitattributes", ".github", ".gitignore");

    private static final int MAX_FILES = 100_000;
    private static final int MAX_DEPTH = 64;

    /** Names are sorted by code points; {@link String#compareTo} would sort by UTF-16 units. */
    private static final Comparator<String> CODE_POINTS = (a, b) -> {
        int[] left = a.codePoints().toArray();
        int[] right = b.codePoints().toArray();
        return Arrays.compare(left, right);
    };

    private final Map<String, Path> files;
    private final Map<String, Long> sizes = new TreeMap<>(CODE_POINTS);

    private ModelFiles(Map<String, Path> files) {
        this.files = files;
        files.forEach((name, file) -> sizes.put(name, size(file)));
    }

    /**
     * Finds the files.
     *
     * @param signature the bundle, which is never part of what it signs
     * @throws IngotException.BadData for what cannot be signed: a link (unless followed), a device, a name that is not
     *     the same everywhere, a tree too deep or too large
     */
    static ModelFiles list(Path model, Scope scope, Path signature) {
        if (!Files.exists(model)) {
            throw new IngotException.MissingInput(Text.path(model) + ": no such file or folder");
        }
        Map<String, Path> found = new TreeMap<>(CODE_POINTS);
        if (!Files.isDirectory(model)) {
            found.put(Folders.name(model), model);
            return new ModelFiles(found);
        }
        FileVisitOption[] follow =
                scope.followLinks() ? new FileVisitOption[] {FileVisitOption.FOLLOW_LINKS} : new FileVisitOption[0];
        try {
            // The links on the way to the folder are the caller's own, and Files.walk does not enter one.
            Path root = model.toRealPath();
            Path bundle = place(signature);
            try (Stream<Path> all = Files.walk(root, MAX_DEPTH, follow)) {
                for (Path file : (Iterable<Path>) all::iterator) {
                    if (!file.equals(root) && !file.equals(bundle)) {
                        add(found, root, file, scope);
                    }
                }
            }
        } catch (IOException e) {
            throw InputFile.failure(model, e);
        } catch (UncheckedIOException e) {
            throw InputFile.failure(model, Objects.requireNonNull(e.getCause()));
        }
        return new ModelFiles(found);
    }

    /** Where the bundle is, or will be: the links on the way to it resolved. */
    private static Path place(Path signature) throws IOException {
        return Files.exists(signature)
                ? signature.toRealPath()
                : Folders.of(signature).toRealPath().resolve(Folders.name(signature));
    }

    private static void add(Map<String, Path> found, Path root, Path file, Scope scope) {
        Path relative = root.relativize(file);
        List<String> names = new ArrayList<>();
        relative.forEach(n -> names.add(n.toString()));
        String name = String.join("/", names);
        if (ignored(name, scope)) {
            return;
        }
        names.forEach(n -> requireName(file, n));
        LinkOption[] links = scope.followLinks() ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        if (Files.isDirectory(file, links)) {
            if (relative.getNameCount() == MAX_DEPTH) {
                throw IngotException.BadData.in(file, "a folder at depth " + MAX_DEPTH + "; not a model");
            }
            return;
        }
        requireRegular(file, scope);
        if (found.put(name, file) != null) {
            throw IngotException.BadData.in(file, "a second file of the name " + Text.quote(name));
        }
        if (found.size() > MAX_FILES) {
            throw IngotException.BadData.in(root, "more than " + MAX_FILES + " files; not a model");
        }
    }

    /**
     * Names that are the same everywhere: a backslash divides names on Windows, and a name that is no text in the
     * encoding of the system shows as U+FFFD, as do others.
     */
    private static void requireName(Path file, String name) {
        if (name.indexOf('\\') >= 0 || name.indexOf('\uFFFD') >= 0 || !encodable(name)) {
            throw IngotException.BadData.in(
                    file, "a name with a backslash or with bytes that are no text, which a signature cannot state");
        }
    }

    private static boolean encodable(String name) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(name);
    }

    private static void requireRegular(Path file, Scope scope) {
        if (Files.isSymbolicLink(file) && !scope.followLinks()) {
            throw IngotException.BadData.in(
                    file, "a symbolic link, which a signature of files does not cover; sign a folder of files");
        }
        if (!Files.isRegularFile(file)) {
            throw IngotException.BadData.in(file, "not a regular file");
        }
    }

    private static boolean ignored(String name, Scope scope) {
        return Stream.concat(ALWAYS_IGNORED.stream(), scope.ignored().stream())
                .anyMatch(path -> name.equals(path) || name.startsWith(path + "/"));
    }

    Set<String> names() {
        return files.keySet();
    }

    /** Hashes everything. */
    List<Resource> resources(Scope scope, Progress progress) {
        long total = sizes.values().stream().mapToLong(Long::longValue).sum();
        List<Resource> found = new ArrayList<>();
        long[] done = new long[1];
        // A file that grows is refused behind its hash.
        LongConsumer advance =
                bytes -> progress.step("hashing", Math.min(done[0] += bytes, total), total, Progress.Unit.BYTES);
        files.forEach((name, path) -> {
            try (InputFile file = InputFile.open(path)) {
                if (scope.shardSize() == 0) {
                    found.add(new Resource(name, Checksum.sha256(file, 0, file.size(), advance)));
                }
                for (long from = 0; scope.shardSize() > 0 && from < file.size(); ) {
                    long length = Math.min(scope.shardSize(), file.size() - from);
                    found.add(new Resource(
                            name + ":" + from + ":" + (from + length), Checksum.sha256(file, from, length, advance)));
                    from += length;
                }
                file.requireUnchanged();
            }
        });
        found.sort(Comparator.comparing(Resource::name, CODE_POINTS));
        return found;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw InputFile.failure(file, e);
        }
    }
}
