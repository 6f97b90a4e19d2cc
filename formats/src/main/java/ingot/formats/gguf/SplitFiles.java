package ingot.formats.gguf;

import ingot.formats.IngotException;
import ingot.formats.Text;
import ingot.formats.io.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model in one file, or split over {@code NAME-00001-of-0000N.gguf} to {@code NAME-0000N-of-0000N.gguf} as llama.cpp's
 * gguf-split writes it: every file has {@code split.no} (from 0), {@code split.count} and {@code split.tensors.count} (of all
 * files together); the other metadata is the first file's.
 */
final class SplitFiles {
    static final String NUMBER = "split.no";
    static final String COUNT = "split.count";
    static final String TENSORS = "split.tensors.count";

    private static final int MAX_FILES = 10_000;
    /** Missing files that a message names; most published sets are smaller. */
    private static final int NAMED = 32;

    private static final Pattern NAME = Pattern.compile("(?s)(.*)-([0-9]{5})-of-([0-9]{5})\\.gguf");

    private SplitFiles() {}

    /** {@code NAME-*-of-0000N.gguf} for a file of a split set, else the name itself. */
    static String modelName(String file) {
        Matcher name = NAME.matcher(file);
        return name.matches() ? name.group(1) + "-*-of-" + name.group(3) + ".gguf" : file;
    }

    /** Opens all files of the model that {@code path} is a file of, in order. */
    static List<GgufFile> open(Path path) {
        List<GgufFile> files = new ArrayList<>();
        HeaderReader.Budget budget = new HeaderReader.Budget();
        GgufFile given = GgufFile.open(path, budget);
        try {
            int count = given.metadata().optionalInt(COUNT, 0, MAX_FILES).orElse(0);
            if (count <= 1) {
                files.add(given);
                check(files);
                return files;
            }
            List<Path> paths = paths(path, count);
            for (Path p : paths) {
                GgufFile file = p.equals(path) ? given : GgufFile.open(p, budget);
                files.add(file);
                file.input().oneOf(count);
            }
            check(files);
            return files;
        } catch (RuntimeException | Error e) {
            files.forEach(GgufFile::close);
            given.close();
            throw e;
        }
    }

    private static List<Path> paths(Path path, int count) {
        Matcher name = NAME.matcher(Folders.name(path));
        if (!name.matches() || Integer.parseInt(name.group(3)) != count || !within(name.group(2), count)) {
            throw IngotException.BadData.in(
                    path,
                    "metadata key 'split.count': " + count + ", but the file is not called "
                            + String.format(Locale.ROOT, "NAME-00001-of-%05d.gguf", count) + " or the like");
        }
        List<Path> paths = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            String sibling = String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", name.group(1), i, count);
            Path p = path.resolveSibling(sibling);
            paths.add(p);
            if (!Files.exists(p)) {
                missing.add(Text.path(p.getFileName()));
            }
        }
        if (!missing.isEmpty()) {
            String names = String.join(", ", missing.subList(0, Math.min(NAMED, missing.size())));
            throw new IngotException.MissingInput(Text.path(path) + ": " + missing.size() + " of " + count
                    + " files are missing: " + names + (missing.size() > NAMED ? ", …" : ""));
        }
        return paths;
    }

    private static boolean within(String number, int count) {
        int n = Integer.parseInt(number);
        return n >= 1 && n <= count;
    }

    private static void check(List<GgufFile> files) {
        long total = 0;
        for (int i = 0; i < files.size(); i++) {
            Metadata metadata = files.get(i).metadata();
            int number = metadata.optionalInt(NUMBER, 0, MAX_FILES).orElse(0);
            if (number != i) {
                throw metadata.bad(NUMBER, number + "; expected " + i + ", the place its name says, counted from 0");
            }
            int count = metadata.optionalInt(COUNT, 0, MAX_FILES).orElse(0);
            if (files.size() > 1 && count != files.size()) {
                throw metadata.bad(COUNT, count + "; the other files say " + files.size());
            }
            total += files.get(i).tensors().size();
        }
        for (GgufFile file : files) {
            if (file.metadata().has(TENSORS)) {
                int said = file.metadata().requireInt(TENSORS, 0, Integer.MAX_VALUE);
                if (said != total) {
                    throw file.metadata().bad(TENSORS, said + ", but there are " + total + " tensors");
                }
            }
        }
    }
}
